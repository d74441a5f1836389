/** Commands against a scripted engine: what is sent, and what comes of each kind of answer. */
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseEngineAddress } from '../../src/docker/address.ts';
import { type CommandTimings, createCommands } from '../../src/docker/commands.ts';
import { type Connections, createConnections } from '../../src/docker/connection.ts';
import { type CreateParameters, EngineError, type PullProgress } from '../../src/docker/engine.ts';
import { parseReference } from '../../src/docker/pull.ts';
import { idOfRaw, inspected, json, type RawEngine, startRawEngine } from './raw-engine.ts';

let engine: RawEngine;
let connections: Connections;
const id = idOfRaw('made');

beforeEach(async () => {
  engine = await startRawEngine();
  connections = createConnections(parseEngineAddress(engine.host, {}));
});
afterEach(async () => {
  connections.close();
  await engine.down();
});

const commands = (timings: Partial<CommandTimings> = {}) =>
  createCommands({ docker: connections.writing, timings });
const parameters = (fields: Partial<CreateParameters> = {}): CreateParameters => ({
  image: 'web',
  pull: 'never',
  start: false,
  ...fields,
});
const create = (
  fields: Partial<CreateParameters> = {},
  onProgress: (progress: PullProgress) => void = () => undefined,
) => commands().create(parameters(fields), 'command-1', onProgress);
const failure = async (work: Promise<unknown>): Promise<EngineError> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof EngineError)) throw new Error(`no EngineError: ${String(error)}`);
  return error;
};
const sent = (path: string) => engine.requests.filter((request) => request.includes(path));

async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString());
}

/** Accepts a create, and gives what was in its body. */
function acceptCreate(): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  engine.answer('/containers/create', async (request, response) => {
    resolve(await readBody(request));
    json(response, 201, { Id: id, Warnings: ['mind the gap'] });
  });
  return promise;
}

function answerPull(...lines: object[]): void {
  engine.answer('/images/web/json', (_, response) => json(response, 404, { message: 'No such image' }));
  engine.answer('/images/create', (_, response) =>
    response.end(lines.map((line) => `${JSON.stringify(line)}\r\n`).join('')),
  );
}

it('creates what it was told, with the id of the command as a label, and passes the warnings on', async () => {
  const body = acceptCreate();
  const made = await create({
    name: 'made',
    env: { A: '1' },
    labels: { 'portolan.port': '80' },
    cmd: ['run'],
    network: 'net',
  });
  expect(made).toEqual({ id, warnings: ['mind the gap'] });
  expect(await body).toEqual({
    Image: 'web',
    Env: ['A=1'],
    Cmd: ['run'],
    HostConfig: { NetworkMode: 'net' },
    Labels: { 'portolan.port': '80', 'portolan.command-id': 'command-1' },
  });
});

it('puts nothing but the name into the address of a create: proxies log addresses', async () => {
  acceptCreate();
  await create({ name: 'made', env: { TOKEN: 'c4n4ry' } });
  expect(sent('/containers/create')).toEqual(['POST /containers/create?name=made']);
});

it('a caller cannot set the label of the command', async () => {
  const body = acceptCreate();
  await create({ labels: { 'portolan.command-id': 'forged' } });
  expect(await body).toMatchObject({ Labels: { 'portolan.command-id': 'command-1' } });
});

it('starts what it created if asked', async () => {
  acceptCreate();
  engine.answer(`/containers/${id}/start`, (_, response) => response.writeHead(204).end());
  await create({ start: true });
  expect(sent('/start')).toEqual([`POST /containers/${id}/start`]);
});

it('says that a container was created although it does not start', async () => {
  acceptCreate();
  engine.answer(`/containers/${id}/start`, (_, response) =>
    json(response, 500, { message: 'port is taken' }),
  );
  expect(await failure(create({ start: true }))).toMatchObject({
    status: 500,
    message: 'port is taken',
    hint: expect.stringContaining('was created'),
  });
});

it('pulls what is missing, waits for the end of the pull, and tells its progress', async () => {
  answerPull();
  engine.answer('/images/create', (_, response) => {
    response.write(
      '{"status":"Pulling","id":"ab12"}\r\n{"status":"Downloading","progressDetail":{"current":1,',
    );
    setTimeout(() => response.end('"total":2},"id":"ab12"}\r\n{"status":"Done"}'), 50);
  });
  acceptCreate();
  const progress: PullProgress[] = [];
  await create({ pull: 'missing' }, (line) => progress.push(line));
  expect(progress).toEqual([
    { id: 'ab12', status: 'Pulling' },
    { id: 'ab12', status: 'Downloading', current: 1, total: 2 },
    { status: 'Done' },
  ]);
  const order = engine.requests.map((request) => request.split('?')[0]);
  expect(order).toEqual(['GET /images/web/json', 'POST /images/create', 'POST /containers/create']);
  expect(sent('/images/create')[0]).toContain('fromImage=web&tag=latest');
});

it('does not pull what is there, or what it must not', async () => {
  engine.answer('/images/web/json', (_, response) => json(response, 200, {}));
  acceptCreate();
  await create({ pull: 'missing' });
  await create({ pull: 'never' });
  expect(sent('/images/create')).toEqual([]);
});

it.each([
  [{ error: 'manifest unknown', errorDetail: { message: 'manifest unknown' } }, 404],
  [{ errorDetail: { code: 401, message: 'unauthorized' } }, 401],
  [{ error: 'connection refused' }, 502],
])('a pull that fails within its stream is a failure: %j', async (line, status) => {
  answerPull({ status: 'Pulling' }, line);
  expect(await failure(create({ pull: 'always' }))).toMatchObject({ status });
  expect(sent('/containers/create')).toEqual([]);
});

it('a pull that is cut is a failure', async () => {
  answerPull();
  engine.answer('/images/create', (_, response) => {
    response.write('{"status":"Pulling"}\r\n');
    setTimeout(() => response.destroy(), 20);
  });
  expect(await failure(create({ pull: 'missing' }))).toMatchObject({ status: 503 });
});

it('a pull that falls silent is a failure', async () => {
  engine.answer('/images/create', (_, response) => response.write('{"status":"Pulling"}\r\n'));
  const work = commands({ silence: 50 }).create(parameters({ pull: 'always' }), 'c', () => undefined);
  expect(await failure(work)).toMatchObject({ status: 504 });
});

it.each([
  ['nginx', 'nginx', 'latest'],
  ['nginx:1.29', 'nginx', '1.29'],
  ['registry:5000/a/b', 'registry:5000/a/b', 'latest'],
  ['registry:5000/a/b:c', 'registry:5000/a/b', 'c'],
  ['a/b@sha256:0123', 'a/b', 'sha256:0123'],
])('reads the reference %s', (image, name, tag) => {
  expect(parseReference(image)).toEqual({ name, tag });
});

it.each(['../../etc', 'a b', 'a?b', '', '-x'])(
  'refuses %j as an image before it asks the engine',
  async (image) => {
    expect(await failure(create({ image, pull: 'missing' }))).toMatchObject({ status: 400 });
    expect(engine.requests).toEqual([]);
  },
);

it.each(['../images', 'a/b', 'a?force=1', '', '.hidden', 'x'.repeat(129)])(
  'refuses %j as a container before it asks the engine',
  async (name) => {
    expect(await failure(commands().start(name))).toMatchObject({ status: 400 });
    expect(await failure(commands().remove(name, {}))).toMatchObject({ status: 400 });
    expect(engine.requests).toEqual([]);
  },
);

it('already started, and already stopped, is done', async () => {
  for (const action of ['start', 'stop']) {
    engine.answer(`/containers/web/${action}`, (_, response) => response.writeHead(304).end());
  }
  await commands().start('web');
  await commands().stop('web', { timeout: 1 });
});

it('passes on what it was told', async () => {
  const done = (path: string) => engine.answer(path, (_, response) => response.writeHead(204).end());
  for (const action of ['stop', 'restart', 'pause', 'unpause', 'kill']) done(`/containers/web/${action}`);
  done('/containers/web');
  const { stop, restart, pause, unpause, kill, remove } = commands();
  await stop('web', { timeout: 3 });
  await restart('web', { timeout: 4 });
  await pause('web');
  await unpause('web');
  await kill('web', { signal: 'SIGHUP' });
  await remove('web', { force: true, volumes: true });
  expect(engine.requests).toEqual([
    'POST /containers/web/stop?t=3',
    'POST /containers/web/restart?t=4',
    'POST /containers/web/pause',
    'POST /containers/web/unpause',
    'POST /containers/web/kill?signal=SIGHUP',
    'DELETE /containers/web?force=true&v=true',
  ]);
});

it("waits for a stop as long as the container's own time to stop asks for", async () => {
  engine.answer('/containers/web/json', (_, response) => {
    const answer = inspected(idOfRaw('web'), { name: 'web' });
    json(response, 200, { ...answer, Config: { ...answer.Config, StopTimeout: 1 } });
  });
  engine.answer('/containers/web/stop', (_, response) =>
    setTimeout(() => response.writeHead(204).end(), 300),
  );
  await commands({ margin: 10, deadline: 5_000 }).stop('web', {});
  expect(await failure(commands({ margin: 10 }).stop('web', { timeout: 0 }))).toMatchObject({ status: 504 });
});

it.each([
  [404, 'No such container: web'],
  [409, 'container is paused'],
  [500, 'cannot start'],
])("keeps the engine's status and words: %s", async (status, message) => {
  engine.answer('/containers/web/start', (_, response) => json(response, status, { message }));
  expect(await failure(commands().start('web'))).toMatchObject({ status, message });
});

it("takes what was secret in the command out of the engine's words", async () => {
  engine.answer('/containers/create', (_, response) =>
    json(response, 400, { message: 'bad value c4n4ry in PASSWORD=c4n4ry of label l4bel' }),
  );
  const error = await failure(create({ env: { PASSWORD: 'c4n4ry' }, labels: { mine: 'l4bel' } }));
  expect(error.message).not.toMatch(/c4n4ry|l4bel/);
  expect(error.message).toContain('PASSWORD');
});

it('an engine that is away is 503 at once', async () => {
  await engine.down();
  expect(await failure(commands().start('web'))).toMatchObject({ status: 503 });
  expect(await failure(create({ pull: 'missing' }))).toMatchObject({ status: 503 });
});

it('an engine that hangs is 504', async () => {
  engine.answer('/containers/web/start', () => undefined);
  expect(await failure(commands({ deadline: 50 }).start('web'))).toMatchObject({ status: 504 });
});

it('an answer that is no answer to a create is a failure', async () => {
  engine.answer('/containers/create', (_, response) => json(response, 201, { Id: 'short' }));
  expect(await failure(create())).toMatchObject({ status: 502 });
});
