/** The watcher against a scripted engine: what sockets and engines do to a stream. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseEngineAddress } from '../../src/docker/address.ts';
import { type Connections, createConnections } from '../../src/docker/connection.ts';
import { EngineError, type EngineWatcher, type LastSeen } from '../../src/docker/engine.ts';
import type { Timings } from '../../src/docker/timings.ts';
import { createWatcher } from '../../src/docker/watcher.ts';
import type { Reach } from '../../src/events/decisions.ts';
import type { EngineId } from '../../src/events/ids.ts';
import {
  idOfRaw,
  json,
  lineOf,
  nowNano,
  type RawEngine,
  rawEvent,
  rawInfo,
  startRawEngine,
} from './raw-engine.ts';
import {
  conceal,
  createRecordingSink,
  eventually,
  idOf,
  locate,
  quietLogger,
  type RecordingSink,
} from './support.ts';

let engine: RawEngine;
let connections: Connections;
let watcher: EngineWatcher;
let sink: RecordingSink;
const id = idOfRaw('web');
const raw = 'RAW' as EngineId;

/** Short waits: what is tested is their order, not their length. */
const timings: Partial<Timings> = {
  firstBackoff: 10,
  longestBackoff: 50,
  healthy: 0,
  deadline: 400,
  replay: 600,
  quiet: 60,
  grace: 300,
  confirm: 50,
};

beforeEach(async () => {
  engine = await startRawEngine();
  connections = createConnections(parseEngineAddress(engine.host, {}));
  sink = createRecordingSink();
});
afterEach(async () => {
  await watcher.stop();
  connections.close();
  await engine.down();
});

function watch(
  lastSeen: LastSeen | null = null,
  more: Partial<Timings> = {},
  reach: Reach = { kind: 'network' },
): void {
  watcher = createWatcher({
    connections,
    conceal,
    logger: quietLogger,
    locate: async () => ({ reach, ownContainer: null }),
    timings: { ...timings, ...more },
  });
  watcher.start(sink, lastSeen);
}
const caughtUp = (times = 1) =>
  eventually(`caught up ${times} times`, () => sink.of('caughtUp').length >= times);
const kinds = () => sink.deliveries.map(({ kind }) => kind);
const actions = () => sink.of('signal').map(({ signal }) => signal.action);
const seen = (timeNano: bigint): LastSeen => ({ engine: raw, timeNano, arrived: true });
const followedSince = (timeNano: bigint): LastSeen => ({ engine: raw, timeNano, arrived: false });

it('takes in what runs before any signal comes', async () => {
  engine.containers.set(id, { name: 'web' });
  engine.containers.set(idOfRaw('old'), { name: 'old', status: 'exited' });
  watch();
  await caughtUp();
  expect(kinds()).toEqual(['connected', 'sighting', 'sighting', 'caughtUp']);
  expect(await watcher.firstAttempt).toBe(true);
});

it('asks again where it stands when that could not be told: nothing would be routed without', async () => {
  let asked = 0;
  watcher = createWatcher({
    connections,
    conceal,
    logger: quietLogger,
    timings,
    async locate(info) {
      asked += 1;
      if (asked < 3) throw new EngineError('the host name engine.example does not resolve', 503);
      return locate(info);
    },
  });
  watcher.start(sink, null);
  await caughtUp();
  expect(await watcher.firstAttempt).toBe(false);
  expect(asked).toBe(3);
  expect(kinds()).toEqual(['lost', 'connected', 'caughtUp']);
});

it('confirms what a list shows as it is known at once, and what it shows otherwise once that is inspected', async () => {
  for (const name of ['same', 'moved', 'bare'])
    engine.containers.set(idOfRaw(name), { name, address: name === 'bare' ? '' : '172.17.0.9' });
  watch();
  await caughtUp();
  expect(sink.confirmedAfter).toEqual([3]);
  engine.containers.set(idOfRaw('moved'), { name: 'moved', address: '172.17.0.10' });
  watcher.reconcile();
  await caughtUp(2);
  const order = sink.of('sighting').slice(3);
  // The one without an address of its own is inspected first, too: the list tells nothing of where it is reached.
  expect(new Set(order.slice(0, 2).map(({ sighting }) => idOf(sighting)))).toEqual(
    new Set([idOfRaw('moved'), idOfRaw('bare')]),
  );
  expect(order).toHaveLength(3);
  expect(sink.confirmedAfter).toEqual([3, 5]);
});

it('confirms nothing before all is inspected where containers are reached by published ports', async () => {
  engine.containers.set(idOfRaw('web'), { name: 'web', address: '172.17.0.9' });
  watch(null, {}, { kind: 'published', host: '127.0.0.1' });
  await caughtUp();
  watcher.reconcile();
  await caughtUp(2);
  expect(sink.confirmedAfter).toEqual([1, 2]);
});

it('subscribes before it lists', async () => {
  watch();
  await caughtUp();
  const paths = engine.requests.map((request) => request.split('?')[0]);
  expect(paths.indexOf('GET /events')).toBeLessThan(paths.indexOf('GET /containers/json'));
});

it('delivers a signal before the sighting that it causes', async () => {
  watch();
  await caughtUp();
  engine.containers.set(id, { name: 'web' });
  engine.emit(rawEvent('web', 'start', nowNano()));
  await eventually('it is sighted', () => sink.lastSighting(id));
  expect(kinds().slice(-2)).toEqual(['signal', 'sighting']);
  expect(sink.of('sighting').at(-1)?.cause).toBe('signal');
});

it('reads events that come split at every byte, several in a chunk, and with garbage between', async () => {
  watch();
  await caughtUp();
  const [one, two, three] = ['create', 'start', 'pause'].map((action, n) =>
    lineOf(rawEvent('grün', action, nowNano() + BigInt(n))),
  );
  for (const byte of Buffer.from(one!)) engine.write(Buffer.from([byte]));
  engine.write('{"half": \nnot json at all\n{"Type":"container"}\n');
  engine.write(two! + three!);
  await eventually('all three came', () => actions().length === 3);
  expect(actions()).toEqual(['create', 'start', 'pause']);
});

it('survives a line without an end, and reads what follows it', async () => {
  watch();
  await caughtUp();
  for (let n = 0; n < 40; n++) engine.write('x'.repeat(50_000));
  engine.write(`\n${lineOf(rawEvent('web', 'start', nowNano()))}`);
  await eventually('the event behind it came', () => actions().length === 1);
});

it('keeps the nanoseconds of an event to the last digit', async () => {
  watch();
  await caughtUp();
  engine.emit(rawEvent('web', 'start', 1_795_409_475_123_456_789n));
  await eventually('it came', () => actions().length === 1);
  expect(sink.of('signal')[0]?.signal.timeNano).toBe(1_795_409_475_123_456_789n);
  expect(watcher.lastSeen()).toEqual({
    engine: raw,
    timeNano: 1_795_409_475_123_456_789n,
    arrived: true,
  });
});

it('drops an event that comes twice', async () => {
  watch();
  await caughtUp();
  const event = lineOf(rawEvent('web', 'start', nowNano()));
  engine.write(event + event);
  engine.write(lineOf(rawEvent('web', 'pause', nowNano() + 1n)));
  await eventually('the next came', () => actions().includes('pause'));
  expect(actions()).toEqual(['start', 'pause']);
});

it('drains the stream while an inspection hangs', async () => {
  watch();
  await caughtUp();
  engine.answer(`/containers/${id}/json`, () => undefined);
  for (let n = 0; n < 50; n++)
    engine.emit(rawEvent('web', n % 2 === 0 ? 'pause' : 'unpause', nowNano() + BigInt(n)));
  engine.containers.set(idOfRaw('other'), { name: 'other' });
  engine.emit(rawEvent('other', 'start', nowNano() + 100n));
  await eventually('all signals came', () => actions().length === 51);
  await eventually('the other one is sighted', () => sink.lastSighting(idOfRaw('other')));
  engine.containers.set(id, { name: 'web', status: 'paused' });
  engine.answer(`/containers/${id}/json`, null);
  await eventually('the hung one is sighted, too', () => sink.lastSighting(id));
});

it('a cut stream is mended without a word, and nothing is lost or doubled', async () => {
  watch();
  await caughtUp();
  engine.emit(rawEvent('web', 'create', nowNano()));
  await eventually('the first came', () => actions().length === 1);
  // Remembered and not sent: it happens while the stream is away.
  engine.memory.push(rawEvent('web', 'start', nowNano() + 1n));
  engine.cutStreams();
  await caughtUp(2);
  expect(actions()).toEqual(['create', 'start']);
  expect(kinds().filter((kind) => kind === 'lost' || kind === 'gap')).toEqual([]);
  expect(sink.of('connected')).toHaveLength(1);
});

it('is found again after it was down for long, and says both', async () => {
  watch();
  await caughtUp();
  await engine.down();
  await eventually('the loss is reported', () => sink.of('lost').length === 1);
  await engine.up();
  await caughtUp(2);
  expect(sink.of('lost')).toHaveLength(1);
  expect(sink.of('connected')).toHaveLength(2);
});

it('reports once that the engine is not there at the start, and goes on trying', async () => {
  await engine.down();
  watch();
  expect(await watcher.firstAttempt).toBe(false);
  await eventually('the loss is reported', () => sink.of('lost').length === 1);
  await engine.up();
  await caughtUp();
  expect(kinds().filter((kind) => kind === 'lost')).toHaveLength(1);
});

it.each(['/info', '/events', '/containers/json'])(
  'gives up on an engine that accepts and never answers %s, and tries again',
  async (path) => {
    engine.answer(path, () => undefined);
    watch();
    await eventually('the loss is reported', () => sink.of('lost').length === 1);
    engine.answer(path, null);
    await caughtUp();
  },
);

it('does not wait for ever for an answer that is cut in the middle', async () => {
  engine.containers.set(id, { name: 'web' });
  let cuts = 0;
  engine.answer('/containers/json', (_, response) => {
    cuts += 1;
    response.writeHead(200, { 'Content-Length': 1000 }).write('[{');
    setTimeout(() => response.destroy(), 5);
    if (cuts === 4) engine.answer('/containers/json', null);
  });
  // A deadline that would fail the test: the cut must be noticed by itself.
  watch(null, { deadline: 60_000 });
  await caughtUp();
});

it('takes something that is no engine for no engine', async () => {
  engine.answer('/info', (_, response) => response.end('<html>hello</html>'));
  watch();
  await eventually('it is refused', () =>
    sink.of('lost').some(({ reason }) => reason.includes('no Docker engine')),
  );
});

it('another engine behind the same address is connected by its own id', async () => {
  watch();
  await caughtUp();
  engine.answer('/info', (_, response) => json(response, 200, rawInfo('OTHER')));
  engine.memory = [];
  engine.cutStreams();
  await caughtUp(2);
  expect(sink.of('connected').map(({ info }) => info.id)).toEqual(['RAW', 'OTHER']);
  expect(sink.of('gap')).toEqual([]);
});

it('a container that is gone at the next connection is lost', async () => {
  engine.containers.set(id, { name: 'web' });
  watch();
  await caughtUp();
  engine.containers.clear();
  engine.cutStreams();
  await eventually('it is lost', () => sink.lastSighting(id)?.kind === 'lost');
  expect(sink.lastSighting(id)).toMatchObject({ reason: 'not-found' });
});

it('a container that the engine said to have destroyed is lost for that reason', async () => {
  engine.containers.set(id, { name: 'web' });
  watch();
  await caughtUp();
  engine.containers.clear();
  engine.emit(rawEvent('web', 'destroy', nowNano()));
  await eventually('it is lost', () => sink.lastSighting(id)?.kind === 'lost');
  expect(sink.lastSighting(id)).toMatchObject({ reason: 'destroyed' });
});

it('tries an inspection that fails again, and is caught up without it', async () => {
  engine.containers.set(id, { name: 'web' });
  engine.answer(`/containers/${id}/json`, (_, response) => json(response, 500, { message: 'broken' }));
  watch();
  await caughtUp();
  expect(sink.of('sighting')).toEqual([]);
  engine.answer(`/containers/${id}/json`, null);
  await eventually('it is sighted at last', () => sink.lastSighting(id));
});

it('a connection that the engine closed while idle costs no inspection', async () => {
  watch();
  await caughtUp();
  engine.containers.set(id, { name: 'web' });
  let resets = 0;
  engine.answer(`/containers/${id}/json`, (request) => {
    resets += 1;
    request.socket.destroy();
    engine.answer(`/containers/${id}/json`, null);
  });
  engine.emit(rawEvent('web', 'start', nowNano()));
  await eventually('it is sighted', () => sink.lastSighting(id));
  expect(resets).toBe(1);
});

it('inspections use kept connections', async () => {
  watch();
  await caughtUp();
  engine.containers.set(id, { name: 'web' });
  engine.emit(rawEvent('web', 'start', nowNano()));
  await eventually('it is sighted', () => sink.lastSighting(id));
  const before = engine.connections();
  for (let n = 1; n <= 20; n++) {
    engine.emit(rawEvent('web', n % 2 ? 'pause' : 'unpause', nowNano() + BigInt(n)));
    await eventually('it is sighted again', () => sink.of('sighting').length > n);
  }
  expect(engine.connections()).toBe(before);
});

it('bursts for one container lead to few inspections, the last of them after the last signal', async () => {
  watch();
  await caughtUp();
  for (let n = 0; n < 200; n++) {
    engine.containers.set(id, { name: 'web', address: `172.17.1.${n}` });
    engine.emit(rawEvent('web', n % 2 ? 'pause' : 'unpause', nowNano() + BigInt(n)));
  }
  await eventually('the last state is sighted', () => {
    const sighting = sink.lastSighting(id);
    return sighting?.kind === 'observed' && sighting.observation.networks[0]?.address === '172.17.1.199';
  });
  expect(sink.of('signal')).toHaveLength(200);
  expect(sink.of('sighting').length).toBeLessThan(200);
});

it('a change that no signal told is found, counted once, and repaired', async () => {
  engine.containers.set(id, { name: 'web' });
  watch(null, { reconcile: 150 });
  await caughtUp();
  engine.containers.set(id, { name: 'web', status: 'exited' });
  await eventually('the drift is reported', () => sink.of('drift').length === 1);
  await eventually('it is repaired', () => {
    const sighting = sink.lastSighting(id);
    return sighting?.kind === 'observed' && sighting.observation.status === 'exited';
  });
  expect(sink.of('drift')).toEqual([{ kind: 'drift', count: 1 }]);
});

it('a change that a signal told is no drift, even where control is slow to learn of it', async () => {
  engine.containers.set(id, { name: 'web' });
  watch(null, { reconcile: 100, confirm: 20 });
  await caughtUp();
  const before = new Map(sink.knowledge);
  engine.containers.set(id, { name: 'web', status: 'exited' });
  engine.emit(rawEvent('web', 'die', nowNano()));
  await eventually('it is sighted', () => {
    const sighting = sink.lastSighting(id);
    return sighting?.kind === 'observed' && sighting.observation.status === 'exited';
  });
  for (const [key, known] of before) sink.knowledge.set(key, known);
  await eventually('it is inspected again', () => sink.of('sighting').length >= 3);
  expect(sink.of('drift')).toEqual([]);
});

it('lists and inspects all again when it is told to', async () => {
  engine.containers.set(id, { name: 'web' });
  watch();
  await caughtUp();
  watcher.reconcile();
  await caughtUp(2);
  expect(sink.of('sighting')).toHaveLength(2);
});

it('delivers nothing after it was stopped', async () => {
  watch();
  await caughtUp();
  const before = sink.deliveries.length;
  engine.emit(rawEvent('web', 'start', nowNano()));
  await watcher.stop();
  const after = sink.deliveries.length;
  engine.emit(rawEvent('web', 'die', nowNano()));
  await eventually('the stream is closed', () => engine.subscribers() === 0);
  expect(sink.deliveries.length).toBe(after);
  expect(after - before).toBeLessThanOrEqual(2);
});

it('the last event seen, still in memory, means that nothing was missed', async () => {
  const last = nowNano() - 60_000_000_000n;
  engine.memory = [rawEvent('web', 'create', last), rawEvent('web', 'start', last + 1_000_000_000n)];
  watch(seen(last));
  await caughtUp();
  expect(actions()).toEqual(['create', 'start']);
  expect(sink.of('gap')).toEqual([]);
});

it('an emptied memory is a gap, told before the list is taken in', async () => {
  engine.containers.set(id, { name: 'web' });
  const last = nowNano() - 60_000_000_000n;
  watch(seen(last));
  await caughtUp();
  expect(kinds()).toEqual(['connected', 'gap', 'sighting', 'caughtUp']);
  expect(sink.of('gap')[0]?.gap).toMatchObject({ from: last, reason: 'engine-restarted' });
});

it('a memory that begins after the last event seen is a gap, told before its signals', async () => {
  const last = nowNano() - 60_000_000_000n;
  engine.memory = Array.from({ length: 256 }, (_, n) =>
    rawEvent('web', n % 2 ? 'unpause' : 'pause', last + BigInt(n + 1)),
  );
  watch(seen(last));
  await caughtUp();
  expect(kinds().slice(0, 3)).toEqual(['connected', 'gap', 'signal']);
  expect(sink.of('gap')[0]?.gap).toEqual({ from: last, to: last + 1n, reason: 'memory-too-short' });
  expect(sink.of('signal')).toHaveLength(256);
});

it('an engine that was followed before it said anything replays what it said since', async () => {
  const since = nowNano() - 60_000_000_000n;
  const before = rawEvent('web', 'create', since - 1n);
  engine.memory = [before, rawEvent('web', 'start', since + 1n), rawEvent('web', 'die', since + 2n)];
  watch(followedSince(since));
  await caughtUp();
  expect(actions()).toEqual(['start', 'die']);
  expect(sink.of('gap')).toEqual([]);
});

it('a full memory that begins later than the engine was followed is a gap, though nothing had arrived', async () => {
  const since = nowNano() - 60_000_000_000n;
  engine.memory = Array.from({ length: 256 }, (_, n) =>
    rawEvent('web', n % 2 ? 'unpause' : 'pause', since + BigInt(n + 1)),
  );
  watch(followedSince(since));
  await caughtUp();
  expect(kinds().slice(0, 3)).toEqual(['connected', 'gap', 'signal']);
  expect(sink.of('gap')[0]?.gap).toEqual({ from: since, to: since + 1n, reason: 'memory-too-short' });
});

it('since when an engine is followed is known before it says anything', async () => {
  const before = nowNano() - 2_000_000_000n;
  watch();
  await caughtUp();
  const first = watcher.lastSeen()!;
  expect(first).toMatchObject({ engine: raw, arrived: false });
  expect(first.timeNano).toBeGreaterThan(before);
  engine.cutStreams();
  await caughtUp(2);
  expect(watcher.lastSeen()).toEqual(first);
});

it('a clock that was stepped back while connected makes no gap', async () => {
  watch();
  await caughtUp();
  const now = nowNano();
  engine.emit(rawEvent('web', 'create', now));
  engine.emit(rawEvent('web', 'start', now - 3_000_000_000n));
  await eventually('both came', () => actions().length === 2);
  engine.cutStreams();
  await caughtUp(2);
  expect(sink.of('gap')).toEqual([]);
  expect(actions()).toEqual(['create', 'start']);
});

it('events of another engine leave no gap in this one', async () => {
  watch({ engine: 'ANOTHER' as EngineId, timeNano: nowNano() - 1_000_000_000n, arrived: true });
  await caughtUp();
  expect(sink.of('gap')).toEqual([]);
});

it('a health signal that repeats the state is left out', async () => {
  watch();
  await caughtUp();
  for (const [n, action] of ['healthy', 'healthy', 'unhealthy', 'healthy'].entries()) {
    engine.emit(rawEvent('web', `health_status: ${action}`, nowNano() + BigInt(n)));
  }
  engine.emit(rawEvent('web', 'start', nowNano() + 10n));
  engine.emit(rawEvent('web', 'health_status: healthy', nowNano() + 11n));
  await eventually('all came', () => actions().length === 5);
  expect(sink.of('signal').map(({ signal }) => signal.claimed.health)).toEqual([
    'healthy',
    'unhealthy',
    'healthy',
    undefined,
    'healthy',
  ]);
});

it('tells with each signal when what the container is like after it has been delivered', async () => {
  engine.containers.set(id, { name: 'web' });
  const delivered: number[] = [];
  const { signal } = sink;
  sink.signal = (of, what, inspected) => {
    signal(of, what, inspected);
    void inspected.then(() => delivered.push(sink.of('sighting').length));
  };
  watch();
  await caughtUp();
  const before = sink.of('sighting').length;
  // The second comes while the inspection for the first is under way: what that finds may be older.
  engine.emit(rawEvent('web', 'create', nowNano()));
  engine.emit(rawEvent('web', 'start', nowNano() + 1n));
  await eventually('both are inspected', () => delivered.length === 2);
  expect(delivered).toEqual([before + 1, before + 2]);
});
