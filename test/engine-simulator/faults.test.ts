/** The switches for what goes wrong: each does what it says, and nothing else. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  actionsDuring,
  call,
  clientOf,
  eventually,
  openEvents,
  quiet,
  refusal,
  startSimulator,
} from './support.ts';

const usual = ['create', 'network:connect', 'start'];

describe('the stream of events', () => {
  test('split: byte by byte, also within characters', async () => {
    const simulator = await startSimulator();
    simulator.faults.stream = 'split';
    const stream = await openEvents(simulator);
    await simulator.run({ name: 'one', labels: { city: 'Köln 🏙' } });
    await eventually('all are there', () => stream.lines.length === 3);
    expect(stream.actions()).toEqual(usual);
    expect(stream.chunks.length).toBeGreaterThan(100);
    expect(stream.messages()[0]!.Actor.Attributes).toMatchObject({ city: 'Köln 🏙' });
  });

  test('batched: several lines in one chunk', async () => {
    const simulator = await startSimulator();
    simulator.faults.stream = 'batched';
    const stream = await openEvents(simulator);
    await simulator.run({ name: 'one' });
    await eventually('all are there', () => stream.lines.length === 3);
    expect(stream.chunks).toHaveLength(1);
  });

  test('doubled: each line twice', async () => {
    const simulator = await startSimulator();
    simulator.faults.stream = 'doubled';
    const actions = await actionsDuring(simulator, () => simulator.run({ name: 'one' }));
    expect(actions).toEqual(usual.flatMap((action) => [action, action]));
  });

  test('reordered: neighbours change places, and none is lost', async () => {
    const simulator = await startSimulator();
    simulator.faults.stream = 'reordered';
    const actions = await actionsDuring(simulator, () => simulator.run({ name: 'one' }));
    expect(actions).toEqual(['network:connect', 'create', 'start']);
  });

  test('silent: nothing comes, and the connection stands', async () => {
    const simulator = await startSimulator();
    const stream = await openEvents(simulator);
    simulator.faults.stream = 'silent';
    await simulator.run({ name: 'one' });
    await sleep(50);
    simulator.faults.stream = 'plain';
    await simulator.run({ name: 'two' });
    await eventually('the later ones are there', () => stream.lines.length === 3);
    expect(stream.messages()[0]!.Actor.Attributes['name']).toBe('two');
    expect(stream.isOver()).toBe(false);
  });

  test('dropped: so many events reach nobody, but they are remembered', async () => {
    const simulator = await startSimulator();
    simulator.faults.dropNext = 2;
    expect(await actionsDuring(simulator, () => simulator.run({ name: 'one' }))).toEqual(['start']);
    const replay = await openEvents(simulator, '?since=0');
    await quiet(replay);
    expect(replay.actions()).toEqual(usual);
  });

  test('garbage: stands before each line', async () => {
    const simulator = await startSimulator();
    simulator.faults.garbage = 'not json\n';
    const stream = await openEvents(simulator);
    await simulator.run({ name: 'one' });
    await eventually('all are there', () => stream.lines.length === 6);
    expect(stream.lines.filter((line) => line === 'not json')).toHaveLength(3);
  });

  test('cut: now, and again and again', async () => {
    const simulator = await startSimulator();
    const first = await openEvents(simulator);
    simulator.events.cut();
    await eventually('it is over', first.isOver);
    simulator.events.cutEvery(20);
    for (let round = 0; round < 3; round++) {
      const stream = await openEvents(simulator);
      await eventually('it is over', stream.isOver);
    }
    simulator.events.cutEvery(0);
    const last = await openEvents(simulator);
    await sleep(80);
    expect(last.isOver()).toBe(false);
  });
});

describe('a call', () => {
  test('is answered with a status instead of being done, for so many times', async () => {
    const simulator = await startSimulator();
    const docker = clientOf(simulator);
    const { id } = await simulator.run({ name: 'one' });
    simulator.faults.calls.set('GET /containers/', { status: 500, message: 'broken', times: 2 });
    const inspect = () => docker.getContainer(id).inspect();
    expect(await refusal(inspect())).toEqual({ status: 500, message: 'broken' });
    expect(await refusal(inspect())).toEqual({ status: 500, message: 'broken' });
    expect((await inspect()).Id).toBe(id);
  });

  test('hangs', async () => {
    const simulator = await startSimulator();
    simulator.faults.calls.set('GET /version', 'hang');
    const outcome = await Promise.race([
      call(simulator, 'GET', '/v1.41/version').catch(() => 'ended'),
      sleep(100, 'nothing'),
    ]);
    expect(outcome).toBe('nothing');
    expect((await call(simulator, 'GET', '/info')).status).toBe(200);
  });

  test('is reset before it is done', async () => {
    const simulator = await startSimulator();
    const container = await simulator.run({ name: 'one' });
    simulator.faults.calls.set('POST /containers/', 'reset');
    await expect(clientOf(simulator).getContainer('one').stop()).rejects.toThrow();
    expect(container.status).toBe('running');
  });

  test('is done, but its answer is lost', async () => {
    const simulator = await startSimulator();
    const container = await simulator.run({ name: 'one' });
    simulator.faults.calls.set('POST /containers/', 'lost');
    await expect(clientOf(simulator).getContainer('one').stop()).rejects.toThrow();
    expect(container.status).toBe('exited');
  });

  test('is delayed; inspections by a switch of their own', async () => {
    const simulator = await startSimulator();
    await simulator.run({ name: 'one' });
    const elapsed = async (path: string) => {
      const before = performance.now();
      await call(simulator, 'GET', path);
      return performance.now() - before;
    };
    simulator.faults.calls.set('GET /version', { delay: 120 });
    expect(await elapsed('/version')).toBeGreaterThan(100);
    simulator.faults.inspectDelay = 120;
    expect(await elapsed('/containers/one/json')).toBeGreaterThan(100);
  });
});

describe('races of the real engine', () => {
  test('stop comes before die', async () => {
    const simulator = await startSimulator();
    const container = await simulator.run({ name: 'one' });
    simulator.faults.stopBeforeDie = true;
    expect(await actionsDuring(simulator, () => simulator.containers.stop(container))).toEqual([
      'kill',
      'stop',
      'die',
      'network:disconnect',
    ]);
  });

  test('the list lags behind inspect', async () => {
    const simulator = await startSimulator();
    const docker = clientOf(simulator);
    const container = await simulator.run({ name: 'one' });
    simulator.faults.listLag = 100;
    await docker.getContainer(container.id).stop();
    expect((await docker.listContainers()).map(({ State }) => State)).toEqual(['running']);
    expect((await docker.getContainer(container.id).inspect()).State.Status).toBe('exited');
    await eventually('the list has it', async () => (await docker.listContainers()).length === 0);
  });

  test('the clock is stepped, back and forth', async () => {
    const simulator = await startSimulator();
    const before = simulator.clock.now();
    simulator.clock.step(-3_600_000);
    expect(simulator.clock.now() < before - 3_500_000_000_000n).toBe(true);
    simulator.clock.step(7_200_000);
    const container = await simulator.run({ name: 'late' });
    expect(container.startedAt! > before + 3_500_000_000_000n).toBe(true);
  });
});

test('a seed makes ids repeatable', async () => {
  const ids = async () => {
    const simulator = await startSimulator({ seed: 'same' });
    return [simulator.id, (await simulator.run({ name: 'one' })).id];
  };
  const first = await ids();
  expect(await ids()).toEqual(first);
});
