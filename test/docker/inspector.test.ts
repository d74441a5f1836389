/** Inspections: one at a time for each container, bounded over all, signals first. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseEngineAddress } from '../../src/docker/address.ts';
import { type Connections, createConnections } from '../../src/docker/connection.ts';
import type { Sighting, SightingCause } from '../../src/docker/engine.ts';
import { createInspector, type Inspector } from '../../src/docker/inspector.ts';
import { createNetworkDrivers } from '../../src/docker/network-drivers.ts';
import type { ContainerId } from '../../src/events/ids.ts';
import { idOfRaw, inspected, json, type RawEngine, startRawEngine } from './raw-engine.ts';
import { conceal, eventually, idOf } from './support.ts';

let engine: RawEngine;
let connections: Connections;
let inspector: Inspector;
let delivered: { sighting: Sighting; cause: SightingCause }[];
let failures: string[];
/** Held answers, in the order of the requests. */
let held: { id: string; release: () => void }[];
const idAt = (n: number) => idOfRaw(`container ${n}`) as ContainerId;

beforeEach(async () => {
  engine = await startRawEngine();
  connections = createConnections(parseEngineAddress(engine.host, {}));
  delivered = [];
  failures = [];
  held = [];
  inspector = createInspector({
    docker: connections.reading,
    conceal,
    drivers: createNetworkDrivers({ docker: connections.reading, deadline: 5_000 }),
    wasDestroyed: () => false,
    deliver: (sighting, cause) => delivered.push({ sighting, cause }),
    onFailure: (_, error) => failures.push(error.message),
    concurrency: 3,
  });
});
afterEach(async () => {
  inspector.stop();
  connections.close();
  await engine.down();
});

function hold(...numbers: number[]): void {
  for (const n of numbers) {
    engine.answer(`/containers/${idAt(n)}/json`, (_, response) => {
      held.push({ id: idAt(n), release: () => json(response, 200, inspected(idAt(n), { name: `web${n}` })) });
    });
  }
}

it('inspects no more at once than it may, and goes on as answers come', async () => {
  const numbers = Array.from({ length: 10 }, (_, n) => n);
  hold(...numbers);
  const all = Promise.all(numbers.map((n) => inspector.inspect(idAt(n), 'list')));
  for (const n of numbers) {
    await eventually(`request ${n}`, () => held.length > n);
    expect(held.length - n).toBeLessThanOrEqual(3);
    held[n]?.release();
  }
  await all;
  expect(delivered).toHaveLength(10);
});

it('takes what a signal named before what a list showed', async () => {
  hold(0, 1, 2, 3, 4);
  for (const n of [0, 1, 2, 3]) void inspector.inspect(idAt(n), 'list');
  void inspector.inspect(idAt(4), 'signal');
  await eventually('three are under way', () => held.length === 3);
  held[0]?.release();
  await eventually('the next is under way', () => held.length === 4);
  expect(held[3]?.id).toBe(idAt(4));
});

it('a wish during an inspection leads to one more, after it, however many there are', async () => {
  hold(0);
  const first = inspector.inspect(idAt(0), 'list');
  await eventually('it is under way', () => held.length === 1);
  const wishes = Promise.all([1, 2, 3].map(() => inspector.inspect(idAt(0), 'signal')));
  held[0]?.release();
  await first;
  await eventually('the second is under way', () => held.length === 2);
  held[1]?.release();
  await wishes;
  expect(delivered.map(({ cause }) => cause)).toEqual(['list', 'signal']);
  expect(held).toHaveLength(2);
});

it('a container that is gone is lost', async () => {
  await inspector.inspect(idAt(0), 'list');
  expect(delivered).toEqual([
    { sighting: { kind: 'lost', container: idAt(0), reason: 'not-found' }, cause: 'list' },
  ]);
});

it('an answer that is no inspection is a failure, tried again, and delivered when it is one', async () => {
  engine.answer(`/containers/${idAt(0)}/json`, (_, response) => json(response, 200, { Id: 'short' }));
  await inspector.inspect(idAt(0), 'signal');
  expect(failures.length).toBeGreaterThanOrEqual(2);
  expect(delivered).toEqual([]);
  engine.containers.set(idAt(0), { name: 'web' });
  engine.answer(`/containers/${idAt(0)}/json`, null);
  await eventually('it is delivered', () => delivered.length === 1);
  expect(idOf(delivered[0]!.sighting)).toBe(idAt(0));
});

it('what fails on our side is a failure, tried again, and is no sighting of a container that is lost', async () => {
  inspector.stop();
  let broken = true;
  inspector = createInspector({
    docker: connections.reading,
    conceal: (value) => {
      if (broken) throw new TypeError('a defect');
      return conceal(value);
    },
    drivers: createNetworkDrivers({ docker: connections.reading, deadline: 5_000 }),
    wasDestroyed: () => false,
    deliver: (sighting, cause) => delivered.push({ sighting, cause }),
    onFailure: (_, error) => failures.push(error.message),
  });
  const answer = inspected(idAt(0), { name: 'web0' });
  const Config = { ...answer.Config, Labels: { secret: 'x' } };
  engine.answer(`/containers/${idAt(0)}/json`, (_, response) => json(response, 200, { ...answer, Config }));
  void inspector.inspect(idAt(0), 'signal');
  await eventually('a failure', () => failures.length > 0);
  expect([failures[0], delivered]).toEqual(['a defect', []]);
  broken = false;
  await eventually('the observation', () => delivered.length === 1);
  expect(delivered[0]?.sighting.kind).toBe('observed');
});
it('a new signal does not wait for the backoff of an attempt that failed', async () => {
  engine.answer(`/containers/${idAt(0)}/json`, (_, response) => json(response, 500, { message: 'broken' }));
  void inspector.inspect(idAt(0), 'list');
  await eventually('several attempts have failed', () => failures.length >= 3);
  engine.containers.set(idAt(0), { name: 'web' });
  engine.answer(`/containers/${idAt(0)}/json`, null);
  await inspector.inspect(idAt(0), 'signal');
  expect(delivered.map(({ cause }) => cause)).toEqual(['signal']);
});

it('delivers nothing after it was stopped, and leaves nobody waiting', async () => {
  hold(0, 1, 2, 3);
  const all = Promise.all([0, 1, 2, 3].map((n) => inspector.inspect(idAt(n), 'list')));
  await eventually('three are under way', () => held.length === 3);
  inspector.stop();
  for (const { release } of held) release();
  await all;
  await inspector.inspect(idAt(5), 'signal');
  expect(delivered).toEqual([]);
});
