/** The daemon goes away and comes back: what is left of containers, addresses and memory. */
import { describe, expect, test } from 'vitest';
import { ask, call, eventually, openEvents, quiet, startSimulator } from './support.ts';

const replayed = async (simulator: Awaited<ReturnType<typeof startSimulator>>): Promise<string[]> => {
  const stream = await openEvents(simulator, '?since=0');
  await quiet(stream);
  return stream.actions();
};

describe('the daemon goes down', () => {
  test('with live-restore: connections end, calls fail, containers go on; the memory is empty afterwards', async () => {
    const simulator = await startSimulator();
    const { address } = await simulator.run({ name: 'one' });
    const stream = await openEvents(simulator);
    await simulator.goDown({ liveRestore: true });
    await eventually('the stream ends', stream.isOver);
    await expect(call(simulator, 'GET', '/_ping')).rejects.toThrow(/ENOENT|ECONNREFUSED/);
    expect((await ask(address)).status).toBe(200);
    await simulator.comeUp();
    expect((await call(simulator, 'GET', '/_ping')).body).toBe('OK');
    expect(await replayed(simulator)).toEqual([]);
    expect(simulator.containers.get('one')).toMatchObject({ status: 'running', address });
  });

  test('with live-restore: one that died meanwhile is found dead, and no event tells of it', async () => {
    const simulator = await startSimulator();
    const container = await simulator.run({ name: 'one' });
    await simulator.goDown({ liveRestore: true });
    await simulator.containers.dieSilently(container, 9);
    await simulator.comeUp();
    expect(await replayed(simulator)).toEqual([]);
    expect(container).toMatchObject({ status: 'exited', exitCode: 9, address: '' });
  });

  test('one whose process ends by itself while the daemon is away is not heard of either', async () => {
    const simulator = await startSimulator();
    const container = await simulator.run({ name: 'one', env: ['SIMULATED_EXIT=5@60'] });
    await simulator.goDown({ liveRestore: true });
    await eventually('it has ended', () => container.status === 'exited');
    await simulator.comeUp();
    expect(await replayed(simulator)).toEqual([]);
    expect(container.exitCode).toBe(5);
  });

  test('without live-restore: containers end unheard, those with a policy come back, --rm ones are gone', async () => {
    const simulator = await startSimulator();
    await simulator.run({ name: 'plain' });
    await simulator.run({ name: 'always', restart: 'always' });
    const stopped = await simulator.run({ name: 'stopped', restart: 'unless-stopped' });
    await simulator.containers.stop(stopped);
    await simulator.run({ name: 'unless', restart: 'unless-stopped' });
    await simulator.run({ name: 'passing', autoRemove: true });
    const stream = await openEvents(simulator);
    await simulator.goDown({ liveRestore: false });
    await eventually('the stream ends', stream.isOver);
    expect(stream.actions()).toEqual([]);
    await simulator.comeUp();
    const states = simulator.containers.list().map(({ name, status }) => [name, status]);
    expect(Object.fromEntries(states)).toEqual({
      plain: 'exited',
      always: 'running',
      stopped: 'exited',
      unless: 'running',
    });
    expect((await replayed(simulator)).sort()).toEqual(
      ['destroy', 'network:connect', 'network:connect', 'start', 'start'].sort(),
    );
  });

  test('gracefully: containers are stopped one by one before connections end', async () => {
    const simulator = await startSimulator();
    const always = await simulator.run({ name: 'always', restart: 'always' });
    const stream = await openEvents(simulator);
    await simulator.goDown({ liveRestore: false, graceful: true });
    await eventually('the stream ends', stream.isOver);
    expect(stream.actions()).toEqual(['kill', 'die', 'network:disconnect', 'stop']);
    await simulator.comeUp();
    expect(always.status).toBe('running');
  });

  test('no probes are made while it is away, and they go on afterwards', async () => {
    const simulator = await startSimulator({ timings: { probe: 20 } });
    const container = await simulator.run({ name: 'one', healthcheck: true });
    await eventually('it is healthy', () => container.health === 'healthy');
    await simulator.goDown({ liveRestore: true });
    const before = container.probes?.log.at(-1)?.start;
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(container.probes?.log.at(-1)?.start).toBe(before);
    await simulator.comeUp();
    await eventually('a probe is made', () => container.probes?.log.at(-1)?.start !== before);
  });
});
