/** Reading for people: views without secrets, output as lines, stats. */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseEngineAddress } from '../../src/docker/address.ts';
import { type Connections, createConnections } from '../../src/docker/connection.ts';
import type { LogLine } from '../../src/docker/engine.ts';
import { createLogLines } from '../../src/docker/log-lines.ts';
import { createReader } from '../../src/docker/reader.ts';
import { idOfRaw, inspected, json, type RawEngine, startRawEngine } from './raw-engine.ts';
import { conceal } from './support.ts';

let engine: RawEngine;
let connections: Connections;
const id = idOfRaw('web');

beforeEach(async () => {
  engine = await startRawEngine();
  connections = createConnections(parseEngineAddress(engine.host, {}));
});
afterEach(async () => {
  connections.close();
  await engine.down();
});
const reader = () => createReader({ docker: connections.people, conceal, deadline: 1_000 });
const frame = (stream: 1 | 2, text: string | Buffer): Buffer => {
  const bytes = Buffer.from(text);
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
};

it('shows a container without its env values and foreign labels', async () => {
  const answer = inspected(id, { name: 'web' });
  const Config = {
    ...answer.Config,
    Env: ['B=c4n4ry', 'A=c4n4ry'],
    Labels: { 'portolan.port': '80', mine: 'c4n4ry' },
    Entrypoint: ['/run', '--token', 'c4n4ry'],
    Cmd: ['serve'],
  };
  engine.answer(`/containers/${id}/json`, (_, response) => json(response, 200, { ...answer, Config }));
  const view = await reader().inspect(id);
  expect(view).toMatchObject({
    id,
    name: 'web',
    status: 'running',
    envNames: ['A', 'B'],
    command: ['/run', '--token', '***', 'serve'],
  });
  expect(view.labels).toMatchObject({ 'portolan.port': '80', mine: expect.stringMatching(/^hmac:/) });
  expect(JSON.stringify(view)).not.toContain('c4n4ry');
});

it('lists all, and leaves out what is removed in between', async () => {
  for (let n = 0; n < 30; n++)
    engine.containers.set(idOfRaw(`web${n}`), { name: `web${n}`, status: n % 2 ? 'exited' : 'running' });
  const gone = idOfRaw('web7');
  engine.answer(`/containers/${gone}/json`, (_, response) => json(response, 404, { message: 'gone' }));
  const views = await reader().views((await reader().names()).map(({ id }) => id));
  expect(views).toHaveLength(29);
  expect(views.map(({ name }) => name)).not.toContain('web7');
});

it('inspects those that are asked for, and not the thousand others', async () => {
  for (let n = 0; n < 30; n++) engine.containers.set(idOfRaw(`web${n}`), { name: `web${n}` });
  const wanted = [idOfRaw('web9'), idOfRaw('web2')];
  expect((await reader().views(wanted)).map(({ name }) => name)).toEqual(['web9', 'web2']);
  expect(engine.requests.filter((request) => request.includes('/json')).length).toBe(2);
});

it('an unknown container is 404 in the words of the engine', async () => {
  await expect(reader().inspect('nobody')).rejects.toMatchObject({ status: 404 });
  const options = { tail: 10, follow: false, signal: AbortSignal.timeout(5_000) };
  await expect(reader().logs('nobody', options, () => undefined)).rejects.toMatchObject({ status: 404 });
});

it('splits output into lines, each with its stream, until the end', async () => {
  engine.containers.set(id, { name: 'web' });
  engine.answer(`/containers/${id}/logs`, (_, response) => {
    response.write(frame(1, 'one\ntw'));
    response.write(frame(2, 'oops\n'));
    response.end(frame(1, 'o\r\nlast'));
  });
  const lines: LogLine[] = [];
  const { signal } = new AbortController();
  await reader().logs(id, { tail: 5, follow: true, signal }, (line) => lines.push(line));
  expect(lines).toEqual([
    { stream: 'stdout', line: 'one' },
    { stream: 'stderr', line: 'oops' },
    { stream: 'stdout', line: 'two' },
    { stream: 'stdout', line: 'last' },
  ]);
  expect(engine.requests.at(-1)).toBe(
    `GET /containers/${id}/logs?stdout=true&stderr=true&follow=true&tail=5`,
  );
});

it('ends quietly when the caller leaves, and closes the connection', async () => {
  engine.containers.set(id, { name: 'web' });
  const closed = Promise.withResolvers<void>();
  engine.answer(`/containers/${id}/logs`, (_, response) => {
    response.write(frame(1, 'one\n'));
    response.once('close', closed.resolve);
  });
  const controller = new AbortController();
  await reader().logs(id, { tail: 5, follow: true, signal: controller.signal }, () => controller.abort());
  await closed.promise;
});

it('output that breaks off is a failure', async () => {
  engine.containers.set(id, { name: 'web' });
  engine.answer(`/containers/${id}/logs`, (_, response) => {
    response.write(frame(1, 'one\n'));
    setTimeout(() => response.destroy(), 10);
  });
  const options = { tail: 5, follow: true, signal: new AbortController().signal };
  await expect(reader().logs(id, options, () => undefined)).rejects.toMatchObject({ status: 503 });
});

it('gives samples of stats until the caller leaves', async () => {
  engine.containers.set(id, { name: 'web' });
  engine.answer(`/containers/${id}/stats`, (_, response) => void response.write('{"cpu":1}\n{"cp'));
  const controller = new AbortController();
  const samples: unknown[] = [];
  await reader().stats(id, controller.signal, (sample) => {
    samples.push(sample);
    controller.abort();
  });
  expect(samples).toEqual([{ cpu: 1 }]);
});

it('takes frames apart wherever the stream is cut', () => {
  const bytes = Buffer.concat([
    frame(1, 'grün\nzw'),
    frame(2, 'fehler 🐳\n'),
    frame(1, ''),
    frame(1, 'ei\n'),
    frame(2, 'ende'),
  ]);
  const read = (chunks: Buffer[]) => {
    const lines: LogLine[] = [];
    const { feed, end } = createLogLines(false, (line) => lines.push(line));
    for (const chunk of chunks) feed(chunk);
    end();
    return lines;
  };
  const whole = read([bytes]);
  expect(whole.map(({ line }) => line)).toEqual(['grün', 'fehler 🐳', 'zwei', 'ende']);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 10 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      expect(read(at.slice(1).map((end, n) => bytes.subarray(at[n], end)))).toEqual(whole);
    }),
  );
});

it('output of a terminal has no frames', () => {
  const lines: LogLine[] = [];
  const { feed, end } = createLogLines(true, (line) => lines.push(line));
  feed(Buffer.from('one\r\ntwo'));
  end();
  expect(lines.map(({ line }) => line)).toEqual(['one', 'two']);
});

it('breaks a line that does not end, in bounded memory', () => {
  let characters = 0;
  let lines = 0;
  const { feed } = createLogLines(true, ({ line }) => {
    characters += line.length;
    lines += 1;
  });
  for (let n = 0; n < 100; n++) feed(Buffer.alloc(10_000, 'x'));
  expect(lines).toBeGreaterThan(10);
  expect(characters).toBeGreaterThan(900_000);
});
