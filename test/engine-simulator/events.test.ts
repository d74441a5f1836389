/** The stream of events, as moby 20.10 has it: memory, ranges, filters, exact times, slow subscribers. */
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { call, eventually, openEvents, quiet, startSimulator } from './support.ts';

/** Seconds and nanoseconds, as `since` and `until` take them. */
const stamp = (nanoseconds: bigint): string =>
  `${nanoseconds / 1_000_000_000n}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}`;

const nanoOf = (line: string): bigint => BigInt(/"timeNano":(\d+)\}$/.exec(line)![1]!);

/** Every event that the engine still knows. */
async function remembered(simulator: Simulator, query = ''): Promise<string[]> {
  const until = stamp(simulator.clock.now());
  const stream = await openEvents(simulator, `?since=0&until=${until}${query}`);
  await eventually('the stream ends', stream.isOver);
  return stream.lines;
}

describe('an event', () => {
  test('has the fields of the real engine, in its order, with nanoseconds that a number would round', async () => {
    const simulator = await startSimulator();
    await simulator.run({ name: 'one', labels: { b: '2', a: '1' } });
    const lines = await remembered(simulator);
    const id = simulator.containers.get('one').id;
    const time = nanoOf(lines[0]!);
    expect(lines[0]).toBe(
      `{"status":"create","id":"${id}","from":"web","Type":"container","Action":"create",` +
        `"Actor":{"ID":"${id}","Attributes":{"a":"1","b":"2","image":"web","name":"one"}},` +
        `"scope":"local","time":${time / 1_000_000_000n},"timeNano":${time}}`,
    );
    expect(String(time)).toHaveLength(19);
    expect(lines.some((line) => BigInt(Number(nanoOf(line))) !== nanoOf(line))).toBe(true);
    const network = JSON.parse(lines[1]!) as Record<string, unknown>;
    expect(Object.keys(network)).toEqual(['Type', 'Action', 'Actor', 'scope', 'time', 'timeNano']);
    expect(network).toMatchObject({
      Type: 'network',
      Action: 'connect',
      Actor: { Attributes: { container: id, name: 'bridge', type: 'bridge' } },
    });
  });

  test('has attributes that labels overwrite, but for name and image', async () => {
    const simulator = await startSimulator();
    const labels = { exitCode: '0', signal: '99', name: 'forged', image: 'forged' };
    const container = await simulator.run({ name: 'forger', labels });
    await simulator.containers.exit(container, 7);
    const stream = await openEvents(simulator, '?since=0&filters={"event":["die"]}');
    await eventually('the event is there', () => stream.lines.length === 1);
    expect(stream.messages()[0]!.Actor.Attributes).toEqual({
      exitCode: '0',
      signal: '99',
      name: 'forger',
      image: 'web',
    });
  });
});

describe('since and until', () => {
  test('are both inclusive, to the nanosecond', async () => {
    const simulator = await startSimulator();
    await simulator.run({ name: 'one' });
    const all = await remembered(simulator);
    const [first, second] = [nanoOf(all[0]!), nanoOf(all[1]!)];
    const range = async (since: bigint, until: bigint) => {
      const stream = await openEvents(simulator, `?since=${stamp(since)}&until=${stamp(until)}`);
      await eventually('the stream ends', stream.isOver);
      return stream.lines;
    };
    expect(await range(first, second)).toEqual(all.slice(0, 2));
    expect(await range(first + 1n, second)).toEqual([all[1]]);
    expect(await range(first, second - 1n)).toEqual([all[0]]);
  });

  test('a stream with a later until goes on until then', async () => {
    const simulator = await startSimulator();
    const until = stamp(simulator.clock.now() + 400_000_000n);
    const stream = await openEvents(simulator, `?until=${until}`);
    await simulator.run({ name: 'one' });
    await eventually('the stream ends', stream.isOver);
    expect(stream.actions()).toEqual(['create', 'network:connect', 'start']);
  });

  test('without them nothing is replayed', async () => {
    const simulator = await startSimulator();
    const container = await simulator.run({ name: 'one' });
    const stream = await openEvents(simulator);
    simulator.containers.pause(container);
    await eventually('the event is there', () => stream.lines.length > 0);
    expect(stream.actions()).toEqual(['pause']);
  });

  test('wrong ones are refused as the engine does', async () => {
    const simulator = await startSimulator();
    const ask = async (query: string) => {
      const { status, body } = await call(simulator, 'GET', `/v1.41/events?${query}`);
      return [status, JSON.parse(body).message];
    };
    expect(await ask('since=abc')).toEqual([500, 'strconv.ParseInt: parsing "abc": invalid syntax']);
    expect(await ask('since=100&until=50')).toEqual([
      400,
      '`since` time (100) cannot be after `until` time (50)',
    ]);
  });
});

describe('the memory', () => {
  test('holds the last 256 events of all types', async () => {
    const simulator = await startSimulator();
    const container = await simulator.run({ name: 'one' });
    simulator.emitNoise(container, 250);
    expect(await remembered(simulator)).toHaveLength(253);
    simulator.emitNoise(container, 50);
    const lines = await remembered(simulator);
    expect(lines).toHaveLength(256);
    expect(lines.some((line) => line.includes('"Action":"start"'))).toBe(false);
  });

  test('is read from the newest back to the first that is older, so a clock set back hides later events', async () => {
    const simulator = await startSimulator();
    const container = await simulator.run({ name: 'one' });
    const since = stamp(simulator.clock.now());
    simulator.winch(container, 2);
    simulator.clock.step(-60_000);
    simulator.winch(container, 3);
    const stream = await openEvents(simulator, `?since=${since}`);
    await quiet(stream);
    expect(stream.lines).toEqual([]);
    const earlier = await openEvents(simulator, `?since=${stamp(simulator.clock.now() - 30_000_000_000n)}`);
    await quiet(earlier);
    expect(earlier.lines).toHaveLength(8);
  });
});

describe('filters', () => {
  test('by type, action, container, label and image', async () => {
    const simulator = await startSimulator();
    const one = await simulator.run({ name: 'one', labels: { tier: 'front' } });
    const two = await simulator.run({ name: 'two', image: 'api' });
    simulator.containers.pause(two);
    simulator.emitNoise(one, 3);
    const actions = async (filters: object) => {
      const query = `&filters=${encodeURIComponent(JSON.stringify(filters))}`;
      return (await remembered(simulator, query)).map(
        (line) => (JSON.parse(line) as { Action: string }).Action,
      );
    };
    expect(await actions({ type: ['network'] })).toEqual(['connect', 'connect']);
    expect(await actions({ type: { container: true }, event: ['start', 'pause'] })).toEqual([
      'start',
      'start',
      'pause',
    ]);
    expect(await actions({ container: [two.id] })).toEqual(['create', 'start', 'pause']);
    expect(await actions({ container: ['two'], event: ['pause'] })).toEqual(['pause']);
    expect(await actions({ label: ['tier=front'], event: ['create'] })).toEqual(['create']);
    expect(await actions({ image: ['api'], event: ['start'] })).toEqual(['start']);
    expect(await actions({ event: ['exec_create'] })).toEqual(['exec_create: probe']);
    const { status } = await call(simulator, 'GET', '/events?filters={"nope":["x"]}');
    expect(status).toBe(400);
  });
});

describe('a subscriber', () => {
  test('gets the head before its subscription stands: what happens between is lost', async () => {
    const simulator = await startSimulator();
    const container = await simulator.run({ name: 'one' });
    simulator.faults.subscribeDelay = 150;
    const { socketPath } = simulator;
    const response = await new Promise<http.IncomingMessage>((resolve) => {
      http.get({ socketPath, path: '/events', agent: false }, resolve);
    });
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    simulator.containers.pause(container);
    await eventually('the subscription stands', () => simulator.events.count() === 1);
    simulator.containers.unpause(container);
    await eventually('an event is there', () => text.includes('\n'));
    expect(text).toContain('"Action":"unpause"');
    expect(text).not.toContain('"Action":"pause"');
    response.destroy();
  });

  test('that does not read is waited for, then skipped without a mark, while others miss nothing', async () => {
    const simulator = await startSimulator({ timings: { publish: 1 } });
    const container = await simulator.run({ name: 'one' });
    const attentive = await openEvents(simulator);
    const slow = await openEvents(simulator);
    slow.response.pause();
    const total = 6_000;
    for (let sent = 0; sent < total; sent += 500) {
      simulator.winch(container, 500);
      await eventually('the attentive one has them', () => attentive.lines.length === sent + 500, 20_000);
    }
    slow.response.resume();
    await eventually('the slow one gets what was kept', () => slow.lines.length > 1_024);
    await quiet(slow);
    expect(slow.lines.length).toBeLessThan(total);
    const gotAgain = slow.lines.length;
    simulator.winch(container, 1);
    await eventually('the slow one hears again', () => slow.lines.length === gotAgain + 1);
    // What it got is whole, and in order.
    const times = slow.lines.map(nanoOf);
    expect(times).toEqual(times.toSorted((one, other) => (one < other ? -1 : 1)));
  });

  test('that goes away is forgotten', async () => {
    const simulator = await startSimulator();
    const stream = await openEvents(simulator);
    expect(simulator.events.count()).toBe(1);
    stream.response.destroy();
    await eventually('it is forgotten', () => simulator.events.count() === 0);
  });

  test('hears of what happens at once', async () => {
    const simulator = await startSimulator();
    const stream = await openEvents(simulator);
    await Promise.all(Array.from({ length: 20 }, (_, at) => simulator.run({ name: `many-${at}` })));
    await sleep(0);
    await eventually('all are there', () => stream.lines.length === 60);
    expect(new Set(stream.lines).size).toBe(60);
  });
});
