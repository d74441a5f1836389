/** The stream of events: history, then live, over one cursor; each event once, however often a client is cut. */
import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { type Portolan, within } from '../support/portolan.ts';
import { endService, routesEqual, serveContainers } from '../support/simulated.ts';

describe('the stream of events', () => {
  let engine: Simulator;
  let portolan: Portolan;
  beforeAll(async () => {
    ({ engine, portolan } = await serveContainers());
  });
  afterAll(() => endService(engine));

  function open(lastEventId?: number): Promise<IncomingMessage> {
    const headers = {
      Host: 'localhost',
      ...(lastEventId === undefined ? {} : { 'Last-Event-ID': String(lastEventId) }),
    };
    return new Promise((resolve, reject) => {
      get(
        { port: portolan.apiPort, host: '127.0.0.1', path: '/api/v1/events/stream', headers, agent: false },
        resolve,
      ).on('error', reject);
    });
  }

  test('a client that is cut at any point and resumes sees each event once, and misses none', async () => {
    const seen: number[] = [];
    let going = true;
    const storm = (async () => {
      const web = await engine.run({ name: 'storm' });
      for (let round = 0; round < 60; round++) {
        await engine.containers.restart(web);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      going = false;
    })();
    /** Reads on where the client before was cut off, and is cut off itself after so many bytes or milliseconds. */
    const readOn = async (mostBytes: number, milliseconds: number): Promise<void> => {
      const stream = await open(seen.at(-1));
      let text = '';
      stream.setEncoding('utf8');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => stream.destroy(), milliseconds);
        stream.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > mostBytes) stream.destroy();
        });
        stream.on('error', () => undefined);
        stream.on('close', () => {
          clearTimeout(timer);
          resolve();
        });
      });
      // As a browser does: only what was ended by an empty line counts.
      for (const block of text.split('\n\n').slice(0, -1)) {
        const id = /^id: (\d+)$/m.exec(block)?.[1];
        if (id !== undefined) seen.push(Number(id));
      }
    };
    for (let client = 0; client < 200 && (going || client < 20); client++)
      await readOn(Math.floor(Math.random() * 20_000), 50 + Math.random() * 100);
    await storm;
    await routesEqual(portolan, engine);
    const { position } = (await portolan.json<{ log: { position: number } }>('/system')).log;
    await within(20_000, 'the rest', async () => {
      await readOn(Number.POSITIVE_INFINITY, 500);
      return seen.length >= position;
    });
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, at) => at + 1));
    expect(seen.length).toBeGreaterThan(100);
  });

  test('a client that does not read holds nobody up', async () => {
    const stuck = await Promise.all(Array.from({ length: 20 }, () => open(0)));
    for (const stream of stuck) stream.pause();
    const web = await engine.run({ name: 'unhurried' });
    for (let round = 0; round < 50; round++) await engine.containers.kill(web, 'WINCH');
    await portolan.answers('unhurried.docker.localhost', 200);
    await within(
      5_000,
      'all events',
      async () =>
        (await portolan.events('ContainerKilled')).filter((one) => one.data.claimed.name === 'unhurried')
          .length === 50,
    );
    for (const stream of stuck) stream.destroy();
  });

  const problemOf = (body: string) =>
    (JSON.parse(body) as { errors: { field: string; value: string; message: string }[] }).errors[0]!;

  for (const id of ['abc', '-1', '1.5', '', '1e3', '9'.repeat(16)]) {
    test(`the id ${JSON.stringify(id)}, which is no position, is refused with what is allowed`, async () => {
      const answer = await portolan.api('GET', '/events/stream', undefined, { 'Last-Event-ID': id });
      expect(answer.status).toBe(400);
      expect(problemOf(answer.body)).toMatchObject({ field: 'Last-Event-ID', value: id });
      expect(problemOf(answer.body).message).toMatch(/0 to \d+$/);
    });
  }

  test('a place beyond the head of the log is refused at once, wherever it is named', async () => {
    const beyond = '999999999';
    const answers = await Promise.all([
      portolan.api('GET', '/events/stream', undefined, { 'Last-Event-ID': beyond }),
      portolan.api('GET', `/events/stream?after=${beyond}`),
      portolan.api('GET', `/events?after=${beyond}`),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
    const problems = answers.map(({ body }) => problemOf(body));
    expect(problems.map(({ field }) => field)).toEqual(['Last-Event-ID', 'after', 'after']);
    for (const { value, message } of problems) {
      expect(value).toBe(beyond);
      expect(message).toMatch(/^position 999999999 does not exist yet; 0 to \d+ is allowed$/);
    }
  });

  test('the head itself is a place to wait at', async () => {
    const { position } = await portolan.json<{ position: number }>('/log');
    const stream = await open(position);
    expect(stream.statusCode).toBe(200);
    stream.destroy();
  });
});
