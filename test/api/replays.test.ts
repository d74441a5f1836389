/** Replays, verification and export through the API of a real service, while it serves. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { importLog } from '../../src/log/import.ts';
import { projectionsPath } from '../../src/projections/file.ts';
import { cleanUp, makeDataDir, type Portolan, within } from '../support/portolan.ts';
import { createEngine, serveOn } from '../support/simulated.ts';

let engine: Simulator;
let portolan: Portolan;

beforeAll(async () => {
  engine = await createEngine();
  portolan = await serveOn(engine);
  await engine.run({ name: 'web' });
  await engine.run({ name: 'shown', labels: { 'portolan.enable': 'true' } });
  await portolan.answers('web.docker.localhost', 200);
  await portolan.answers('shown.docker.localhost', 200);
  await engine.containers.stop(engine.containers.get('web'));
  await portolan.answers('web.docker.localhost', 503);
});
afterAll(async () => {
  await cleanUp();
  await engine?.stop();
});
beforeEach(async () => {
  await portolan.answers('shown.docker.localhost', 200);
});
afterEach(async () => {
  await portolan.answers('shown.docker.localhost', 200);
});

interface Job {
  readonly id: string;
  readonly state: string;
  readonly position: number;
  readonly head: number;
  readonly error?: string;
  // biome-ignore lint/suspicious/noExplicitAny: each mode has its own
  readonly result?: any;
}

async function start(body: object): Promise<Job> {
  const answer = await portolan.api('POST', '/replays', body);
  expect(answer.status, answer.body).toBe(202);
  const job = JSON.parse(answer.body) as Job;
  expect(answer.headers.location).toBe(`/api/v1/replays/${job.id}`);
  return job;
}

const ended = (id: string): Promise<Job> =>
  within(20_000, `the end of ${id}`, async () => {
    const job = await portolan.json<Job>(`/replays/${id}`);
    return job.state === 'running' ? false : job;
  }) as Promise<Job>;

test('a rebuild takes the place of the live projections, which go on from there', async () => {
  const before = await portolan.json<{ items: unknown[] }>('/routes');
  const { id } = await start({ mode: 'rebuild' });
  expect(await ended(id)).toMatchObject({ state: 'succeeded' });
  expect(await portolan.json('/routes')).toEqual(before);
  await engine.run({ name: `after-${id.slice(0, 6)}` });
  await portolan.answers(`after-${id.slice(0, 6)}.docker.localhost`, 200);
  await within(5_000, 'the new route in the projections', async () => {
    const { items } = await portolan.json<{ items: { owner: string }[] }>('/routes');
    return items.some(({ owner }) => owner === `after-${id.slice(0, 6)}`);
  });
  expect(readdirSync(portolan.dataDir).filter((file) => file.startsWith('replay-'))).toEqual([]);
});

test('a comparison finds nothing where all is well, and the very row where it is not', async () => {
  const well = await ended((await start({ mode: 'compare' })).id);
  expect(well).toMatchObject({ state: 'succeeded', result: { differences: [], truncated: false } });
  expect(well.result.compared).toBeGreaterThan(20);
  const db = openDatabase(projectionsPath(portolan.dataDir), { synchronous: 'NORMAL' });
  db.prepare("UPDATE routes SET owner = 'mallory' WHERE host = 'shown.docker.localhost'").run();
  db.close();
  const { result } = await ended((await start({ mode: 'compare' })).id);
  expect(result.differences).toMatchObject([
    { projection: 'routes', table: 'routes', live: { owner: 'mallory' }, rebuilt: { owner: 'shown' } },
  ]);
  await ended((await start({ mode: 'rebuild' })).id);
  expect((await ended((await start({ mode: 'compare' })).id)).result.differences).toEqual([]);
});

test('under another policy: which routes would have differed, and when', async () => {
  const labeled = await ended((await start({ mode: 'what-if', policy: { expose: 'labeled' } })).id);
  const web = labeled.result.routes.find((one: { host: string }) => one.host === 'web.docker.localhost');
  expect(web).toMatchObject({ change: 'removed', live: ['web'], whatIf: [] });
  expect(web.to.position).toBeGreaterThan(web.from.position);
  expect(labeled.result.routes.map((one: { host: string }) => one.host)).not.toContain(
    'shown.docker.localhost',
  );
  const moved = await ended((await start({ mode: 'what-if', policy: { domain: 'test.example' } })).id);
  expect(moved.result.routes).toContainEqual(
    expect.objectContaining({ host: 'shown.test.example', change: 'added', to: null, whatIf: ['shown'] }),
  );
  const early = await ended(
    (await start({ mode: 'what-if', until: 'position:3', policy: { domain: 'test.example' } })).id,
  );
  expect(early).toMatchObject({ position: expect.any(Number), result: { routes: [] } });
});

test('the progress is streamed until the end, also to who comes late', async () => {
  const { id } = await start({ mode: 'compare' });
  const { body } = await portolan.api('GET', `/replays/${id}/stream`);
  const events = [...body.matchAll(/^event: (\w+)$/gm)].map((match) => match[1]);
  expect(events.at(-1)).toBe('end');
  expect(body).toContain('"state":"succeeded"');
  expect((await portolan.api('GET', `/replays/${id}/stream`)).body).toMatch(/^event: end$/m);
  const { items } = await portolan.json<{ items: Job[] }>('/replays');
  expect(items[0]!.id).toBe(id);
});

test('the replays come in pages, of which none tells one twice where others begin meanwhile', async () => {
  interface JobPage {
    readonly items: Job[];
    readonly next?: string;
  }
  for (const _ of [1, 2, 3]) await ended((await start({ mode: 'compare' })).id);
  const all = (await portolan.json<JobPage>('/replays')).items.map(({ id }) => id);
  const first = await portolan.json<JobPage>('/replays?limit=2');
  expect(first.items.map(({ id }) => id)).toEqual(all.slice(0, 2));
  await ended((await start({ mode: 'compare' })).id);
  const told = first.items.map(({ id }) => id);
  let { next } = first;
  while (next !== undefined) {
    const page: JobPage = await portolan.json(`/replays?limit=1&cursor=${next}`);
    told.push(...page.items.map(({ id }) => id));
    next = page.next;
  }
  expect(told).toEqual(all);
  const { next: foreign } = await portolan.json<JobPage>('/events?limit=1');
  for (const query of ['limit=0', 'cursor=nonsense', `cursor=${foreign}`])
    expect((await portolan.api('GET', `/replays?${query}`)).status, query).toBe(400);
});

test('one at a time, and one can be cancelled, after which nothing of it is left', async () => {
  const { id } = await start({ mode: 'rebuild' });
  const second = await portolan.api('POST', '/replays', { mode: 'compare' });
  const cancelled = await portolan.api('DELETE', `/replays/${id}`);
  const { state } = JSON.parse(cancelled.body) as Job;
  // It may have been faster than the two calls.
  if (state === 'cancelled') expect([409, 202]).toContain(second.status);
  else expect(state).toBe('succeeded');
  if (second.status === 202) await ended((JSON.parse(second.body) as Job).id);
  expect(readdirSync(portolan.dataDir).filter((file) => file.startsWith('replay-'))).toEqual([]);
});

test.each([
  [{ mode: 'again' }, '/mode'],
  [{ mode: 'what-if' }, '/policy'],
  [{ mode: 'what-if', policy: { expose: 'some' } }, '/policy/expose'],
  [{ mode: 'what-if', policy: { domain: 'Not A Host' } }, '/policy/domain'],
  [{ mode: 'what-if', policy: { colour: 'red' } }, '/policy/colour'],
  [{ mode: 'rebuild', until: 'position:3' }, '/until'],
  [{ mode: 'compare', policy: { expose: 'all' } }, '/policy'],
  [{ mode: 'what-if', policy: { expose: 'all' }, until: 'tomorrow' }, '/until'],
])('%j is refused: %s', async (body, field) => {
  const answer = await portolan.api('POST', '/replays', body);
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.body).errors).toContainEqual(expect.objectContaining({ field }));
});

test('one that is not there is 404, and a call without the token is refused', async () => {
  const id = '00000000-0000-4000-8000-000000000000';
  expect((await portolan.api('GET', `/replays/${id}`)).status).toBe(404);
  expect((await portolan.api('DELETE', `/replays/${id}`)).status).toBe(404);
  const anonymous = await portolan.api(
    'POST',
    '/replays',
    { mode: 'compare' },
    { authorization: 'Bearer wrong' },
  );
  expect(anonymous.status).toBe(401);
});

test('the chain is verified, against a head that was noted, too', async () => {
  const { position, hash } = await portolan.json<{ position: number; hash: string }>('/log');
  const verify = async (query = '') => JSON.parse((await portolan.api('POST', `/log/verify${query}`)).body);
  expect(await verify()).not.toHaveProperty('firstBad');
  expect(await verify(`?expectHead=${position}:${hash}`)).toMatchObject({ valid: true });
  expect(await verify(`?expectHead=${position}:${'0'.repeat(64)}`)).toMatchObject({
    valid: false,
    firstBad: { position },
  });
  expect((await portolan.api('POST', '/log/verify?expectHead=12')).status).toBe(400);
});

test('the export is imported elsewhere, to the same head', async () => {
  const { body, headers } = await portolan.api('GET', '/log/export');
  expect(headers['content-type']).toBe('application/x-ndjson');
  const dataDir = makeDataDir();
  const { head } = await importLog({ dataDir, input: Readable.from([body]) });
  const events = await portolan.events();
  expect(events.find((event) => event.position === head.position)).toMatchObject({ hash: head.hash });
  expect(existsSync(join(dataDir, 'portolan.db'))).toBe(true);
});
