/** Health checks: probes make three events each, and a change of status one more. */
import { describe, expect, test } from 'vitest';
import { actionsDuring, clientOf, eventually, openEvents, startSimulator } from './support.ts';

const probe = ['exec_create: probe', 'exec_start: probe', 'exec_die'];

describe('a container with a health check', () => {
  test('is starting, and healthy after the time it needs', async () => {
    const simulator = await startSimulator();
    const stream = await openEvents(simulator);
    const container = await simulator.run({
      name: 'slow',
      healthcheck: { healthyAfter: 150, interval: 40 },
    });
    const inspect = () => clientOf(simulator).getContainer(container.id).inspect();
    expect((await inspect()).State.Health?.Status).toBe('starting');
    await eventually('it is healthy', () => container.health === 'healthy');
    const { Health } = (await inspect()).State;
    expect(Health).toMatchObject({ Status: 'healthy', FailingStreak: 0 });
    expect(Health!.Log!.at(-1)).toMatchObject({ ExitCode: 0 });
    const actions = stream.actions();
    expect(actions.slice(3, 6)).toEqual(probe);
    expect(actions.filter((action) => action.startsWith('health_status'))).toEqual([
      'health_status: healthy',
    ]);
    expect(actions.indexOf('health_status: healthy')).toBeGreaterThan(actions.indexOf('exec_die'));
  });

  test('changes when it is told to, with one event for each change', async () => {
    const simulator = await startSimulator();
    const container = await simulator.run({ name: 'one', healthcheck: true });
    expect(container.health).toBe('starting');
    const set = async (health: 'healthy' | 'unhealthy' | 'starting') => {
      simulator.containers.setHealth(container, health);
    };
    expect(await actionsDuring(simulator, () => set('healthy'))).toEqual([
      ...probe,
      'health_status: healthy',
    ]);
    expect(await actionsDuring(simulator, () => set('healthy'))).toEqual(probe);
    expect(await actionsDuring(simulator, () => set('unhealthy'))).toEqual([
      ...probe,
      'health_status: unhealthy',
    ]);
    const [listed] = await clientOf(simulator).listContainers();
    expect(listed!.Status).toMatch(/\(unhealthy\)$/);
  });

  test('goes on as it was told: later probes agree', async () => {
    const simulator = await startSimulator({ timings: { probe: 20 } });
    const container = await simulator.run({ name: 'one', healthcheck: true });
    await eventually('it is healthy', () => container.health === 'healthy');
    simulator.containers.setHealth(container, 'unhealthy');
    const stream = await openEvents(simulator);
    await eventually('three more probes', () => stream.lines.length >= 9);
    expect(stream.actions().filter((action) => action.startsWith('health_status'))).toEqual([]);
    expect(container.health).toBe('unhealthy');
  });

  test('by the API: the configured test, interval and retries', async () => {
    const simulator = await startSimulator();
    const docker = clientOf(simulator);
    const container = await docker.createContainer({
      name: 'configured',
      Image: 'web',
      Healthcheck: { Test: ['CMD-SHELL', 'check it'], Interval: 30e6, Retries: 2 },
    });
    const stream = await openEvents(simulator);
    await container.start();
    await eventually('it is healthy', () => stream.actions().includes('health_status: healthy'));
    expect(stream.actions()).toContain('exec_create: /bin/sh -c check it');
    expect((await container.inspect()).Config.Healthcheck).toMatchObject({
      Test: ['CMD-SHELL', 'check it'],
      Interval: 30e6,
    });
  });

  test('is unhealthy once it has ended, without a word, and starting when it starts again', async () => {
    const simulator = await startSimulator();
    const container = await simulator.run({ name: 'one', healthcheck: true });
    simulator.containers.setHealth(container, 'healthy');
    const actions = await actionsDuring(simulator, () => simulator.containers.stop(container));
    expect(actions).toEqual(['kill', 'die', 'network:disconnect', 'stop']);
    expect(container.health).toBe('unhealthy');
    await simulator.containers.start(container);
    expect(container.health).toBe('starting');
  });

  test('has no health without a check', async () => {
    const simulator = await startSimulator();
    const { id } = await simulator.run({ name: 'one' });
    expect((await clientOf(simulator).getContainer(id).inspect()).State.Health).toBeUndefined();
  });
});
