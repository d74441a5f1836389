/** Odd input to the API: refused with the field and what is allowed, never passed over and never answered with something else. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { type Portolan, within } from '../support/portolan.ts';
import { endService, serveContainers } from '../support/simulated.ts';

let engine: Simulator;
let portolan: Portolan;

beforeAll(async () => {
  ({ engine, portolan } = await serveContainers('one', 'two', 'three'));
  await engine.run({ name: 'hidden', labels: { 'portolan.enable': 'false' } });
  await engine.run({ name: 'wrong', labels: { 'portolan.port': 'eighty' } });
  await within(5_000, 'both refusals', async () => (await portolan.events('RouteRefused')).length === 2);
});
afterAll(() => endService(engine));

interface Refusal {
  readonly detail: string;
  readonly errors: readonly { readonly field: string; readonly message: string }[];
}

async function refused(method: string, path: string, body?: unknown): Promise<Refusal> {
  const answer = await portolan.api(method, path, body);
  expect(answer.status, `${method} ${path}: ${answer.body}`).toBe(400);
  return JSON.parse(answer.body) as Refusal;
}

interface Page {
  readonly items: readonly { readonly position: number; readonly name: string }[];
  readonly next?: string;
}

test('a signal or a timeout in a body is not passed over: a kill would become SIGKILL', async () => {
  const { errors } = await refused('POST', '/containers/one/kill', { signal: 'SIGUSR1' });
  expect(errors).toEqual([{ field: '/signal', message: 'signal is allowed in the query: ?signal=…' }]);
  expect((await refused('POST', '/containers/one/stop', { seconds: 3 })).errors).toMatchObject([
    { field: '/seconds', message: 'seconds is not known here' },
  ]);
  expect((await refused('POST', '/containers/one/pause', [1])).detail).toBe('this call takes no body');
  await portolan.answers('one.docker.localhost', 200);
  expect((await portolan.api('POST', '/containers/two/pause', {})).status).toBe(200);
  expect((await portolan.api('POST', '/containers/two/unpause')).status).toBe(200);
});

test('since and until take positions, both inclusive', async () => {
  const positions = async (path: string) =>
    (await portolan.json<Page>(path)).items.map(({ position }) => position);
  expect(await positions('/events?since=position:3&until=position:5')).toEqual([3, 4, 5]);
  expect(await positions('/events?since=position:3&until=position:9&after=3&before=6')).toEqual([4, 5]);
  expect(await positions('/events?since=position:0&limit=2')).toEqual([1, 2]);
  const all = await positions('/audit?limit=1000');
  expect(await positions(`/audit?since=position:${all[1]}`)).toEqual(all.slice(0, 2));
  expect(await positions(`/audit?until=position:${all[1]}&limit=1000`)).toEqual(all.slice(1));
});

test('lists that the engine or the state hold as a whole come in pages, too', async () => {
  for (const [list, names] of [
    ['/containers', ['hidden', 'one', 'three', 'two', 'wrong']],
    ['/refusals', ['hidden', 'wrong']],
  ] as const) {
    const found: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < names.length; pages++) {
      const page: Page = await portolan.json(`${list}?limit=1${cursor}`);
      found.push(...page.items.map(({ name }) => name));
      expect(page.next === undefined, list).toBe(pages === names.length - 1);
      cursor = `&cursor=${page.next}`;
    }
    expect(found).toEqual(names);
    await refused('GET', `${list}?limit=1001`);
  }
});

test('a cursor of another list, or of the same one in another order, is refused', async () => {
  const { next } = await portolan.json<Page>('/events?limit=1');
  for (const path of ['/audit', '/containers', '/routes', '/hosts', '/events?order=desc']) {
    const { errors } = await refused('GET', `${path}${path.includes('?') ? '&' : '?'}cursor=${next}`);
    expect(errors).toMatchObject([{ field: 'cursor' }]);
  }
});

test('a refusal names the parameter that is wrong or missing', async () => {
  const fields = async (path: string) => (await refused('GET', path)).errors.map(({ field }) => field);
  expect(await fields('/diff?from=position:0&to=2099-01-01T00:00:00Z')).toEqual(['to']);
  expect(await fields('/diff?from=position:99999')).toEqual(['from']);
  expect(await fields('/diff?from=position:3&to=position:1')).toEqual(['from']);
  expect((await refused('GET', '/diff')).detail).toBe('from: it is missing; a string is needed');
  expect((await refused('POST', '/containers', {})).detail).toBe('/image: it is missing; a string is needed');
  const { detail } = await refused('POST', '/containers', { image: 'web', network: 'a/../b' });
  expect(detail).toMatch(/^\/network: a network name is allowed/);
  const env = await refused('POST', '/containers', { image: 'web', env: { 'A=': '1' } });
  expect(env.detail).toBe('/env/A=: a variable name without = is allowed');
});

test('a parameter that is refused is named with its value and with what is allowed', async () => {
  for (const [path, error] of [
    ['/routes?limit=many', { field: 'limit', value: 'many', message: 'a number from 1 to 1000 is allowed' }],
    [
      '/routes?limit=1&limit=2',
      { field: 'limit', value: '1', message: 'it is given more than once; once is allowed' },
    ],
    ['/routes?nonsense=1', { field: 'nonsense', value: '1', message: 'nonsense is not known here' }],
    ['/routes/none', { field: 'routeId', value: 'none', message: 'a route id is allowed: 16 hex digits' }],
  ] as const)
    expect((await refused('GET', path)).errors).toEqual([error]);
  const body = await portolan.api('POST', '/session', { token: 's3cr3t', other: 's3cr3t' });
  expect([body.status, body.body.includes('s3cr3t')]).toEqual([400, false]);
});

test('an empty host, or one that is none, is not taken for every host', async () => {
  const message = 'a host name is allowed, e.g. nginx1.docker.localhost';
  for (const host of ['', 'a%20b', '%00'])
    expect((await refused('GET', `/events?host=${host}`)).errors).toMatchObject([{ field: 'host', message }]);
  expect((await portolan.json<Page>('/events?host=ONE.docker.localhost.')).items.length).toBeGreaterThan(0);
});

test('user and password before a registry are refused, and not recorded', async () => {
  const { errors, detail } = await refused('POST', '/containers', { image: 'user:s3cr3t@registry.test/web' });
  expect([errors.map(({ field }) => field), detail.includes('s3cr3t')]).toEqual([['/image'], false]);
  expect(JSON.stringify(await portolan.events())).not.toContain('s3cr3t');
  const digest = `nginx:1.27@sha256:${'0'.repeat(64)}`;
  const create = (image: string) =>
    portolan.api('POST', '/containers', { image, pull: 'never', start: false });
  expect((await create(digest)).status).not.toBe(400);
});
