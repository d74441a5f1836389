/** How commands are recorded, through the API of a real service on the simulated engine. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { cleanUp, type Portolan } from '../support/portolan.ts';
import { createEngine, hears, serveOn } from '../support/simulated.ts';

let engine: Simulator;
let portolan: Portolan;

beforeAll(async () => {
  engine = await createEngine();
  portolan = await serveOn(engine);
  await hears(portolan);
});
afterAll(async () => {
  await cleanUp();
  await engine?.stop();
});

interface Requested {
  readonly items: readonly { readonly data: { readonly name: string; readonly container: string } }[];
}

test('a command that calls a container by its id is recorded with the name that people know', async () => {
  await engine.run({ name: 'known' });
  await portolan.answers('known.docker.localhost', 200);
  const { id } = engine.containers.get('known');
  expect((await portolan.api('POST', `/containers/${id}/pause`)).status).toBe(200);
  expect((await portolan.api('POST', `/containers/${id.slice(0, 12)}/unpause`)).status).toBe(200);
  const { items } = await portolan.json<Requested>('/events?type=CommandRequested');
  const named = { name: 'known', container: id };
  expect(items.map(({ data }) => data)).toMatchObject([named, named]);
});

test('a command repeated under its key after a rename is the same command, and is not carried out again', async () => {
  await engine.run({ name: 'before' });
  await portolan.answers('before.docker.localhost', 200);
  const container = engine.containers.get('before');
  const restart = () =>
    portolan.api('POST', `/containers/${container.id}/restart`, undefined, { 'Idempotency-Key': 'renamed' });
  const first = await restart();
  expect(first.status, first.body).toBe(200);
  engine.containers.rename(container, 'after');
  await portolan.answers('after.docker.localhost', 200);
  const { startedAt } = container;
  expect(JSON.parse((await restart()).body)).toMatchObject({
    command: (JSON.parse(first.body) as { command: string }).command,
  });
  expect(container.startedAt).toBe(startedAt);
  const other = await portolan.api('POST', `/containers/${container.id}/stop`, undefined, {
    'Idempotency-Key': 'renamed',
  });
  expect(other.status).toBe(422);
});

test('a create is recorded with the names of its variables and labels, never with a value or an argument', async () => {
  const created = await portolan.api('POST', '/containers', {
    image: 'nginx',
    name: 'secretive',
    env: { PASSWORD: 's3cr3t', ANOTHER: 's3cr3t' },
    labels: { token: 's3cr3t', 'portolan.port': '8080' },
    cmd: ['serve', '--key=s3cr3t'],
    start: false,
  });
  expect(created.status, created.body).toBe(201);
  const { items } = await portolan.json<{ items: { data: { name: string; parameters: unknown } }[] }>(
    '/events?type=CommandRequested',
  );
  expect(items.find(({ data }) => data.name === 'secretive')?.data.parameters).toEqual({
    image: 'nginx',
    pull: 'missing',
    start: false,
    env: ['ANOTHER', 'PASSWORD'],
    labels: ['portolan.port', 'token'],
    arguments: 2,
    values: expect.stringMatching(/^hmac:[0-9a-f]{64}$/),
  });
});

test('a key under which another command is still being carried out is refused, whoever asks first', async () => {
  await engine.run({ name: 'one' });
  await engine.run({ name: 'two' });
  await portolan.answers('one.docker.localhost', 200);
  await portolan.answers('two.docker.localhost', 200);
  const key = { 'Idempotency-Key': 'at-once' };
  const stop = (name: string) => portolan.api('POST', `/containers/${name}/stop`, undefined, key);
  const answers = await Promise.all([stop('one'), stop('one'), stop('two')]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 422]);
  expect(answers[1]!.body).toBe(answers[0]!.body);
  await portolan.answers('two.docker.localhost', 200);
});

test('a create under the key of one with other values is another command', async () => {
  const create = (env: Record<string, string>, cmd: string[] = ['serve']) =>
    portolan.api(
      'POST',
      '/containers',
      { image: 'nginx', name: 'valued', env, cmd, start: false },
      {
        'Idempotency-Key': 'valued',
      },
    );
  const first = await create({ A: '1', B: '2' });
  expect(first.status, first.body).toBe(201);
  expect((await create({ B: '2', A: '1' })).status).toBe(201);
  expect((await create({ A: '1', B: '3' })).status).toBe(422);
  expect((await create({ A: '1', B: '2' }, ['other'])).status).toBe(422);
});
