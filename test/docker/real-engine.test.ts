/** The watcher, the commands and the reader against a real engine. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEngineAddress } from '../../src/docker/address.ts';
import { createCommands } from '../../src/docker/commands.ts';
import { type Connections, createConnections } from '../../src/docker/connection.ts';
import type { EngineWatcher, LogLine } from '../../src/docker/engine.ts';
import { createReader } from '../../src/docker/reader.ts';
import { createWatcher } from '../../src/docker/watcher.ts';
import { describeOnDocker, images } from '../support/docker.ts';
import { startFollower } from './follower.ts';
import {
  conceal,
  createRecordingSink,
  eventually,
  locate,
  quietLogger,
  type RecordingSink,
} from './support.ts';

describeOnDocker('a real engine', (engine) => {
  let connections: Connections;
  let sink: RecordingSink;
  let watcher: EngineWatcher;
  const name = (text: string) => engine.prefix + text;

  beforeAll(async () => {
    connections = createConnections(parseEngineAddress(engine.host, process.env));
    sink = createRecordingSink();
    watcher = createWatcher({ connections, conceal, logger: quietLogger, locate });
    watcher.start(sink, null);
    expect(await watcher.firstAttempt).toBe(true);
    await eventually('the first list is taken in', () => sink.of('caughtUp').length > 0);
  });
  afterAll(async () => {
    await watcher.stop();
    connections.close();
    await engine.cleanUp();
  });

  it('follows a container from its creation to its removal', async () => {
    const id = await engine.cli('run', '-d', '--name', name('life'), images.web);
    const running = await eventually('it is seen running', () => {
      const sighting = sink.lastSighting(id);
      return sighting?.kind === 'observed' && sighting.observation.status === 'running'
        ? sighting.observation
        : null;
    });
    expect(running).toMatchObject({
      name: name('life'),
      health: 'none',
      spec: { exposed: [80], networkMode: 'default' },
    });
    expect(running.networks).toMatchObject([{ name: 'bridge', address: expect.stringMatching(/^\d+\./) }]);
    await engine.cli('rm', '-f', id);
    expect(
      await eventually('it is lost', () => {
        const sighting = sink.lastSighting(id);
        return sighting?.kind === 'lost' ? sighting : null;
      }),
    ).toMatchObject({ reason: 'destroyed' });
    expect(sink.signalTypes(id)).toEqual([
      'ContainerCreated',
      'ContainerNetworkConnected',
      'ContainerStarted',
      'ContainerKilled',
      'ContainerDied',
      'ContainerNetworkDisconnected',
      'ContainerDestroyed',
    ]);
  });

  it('sees a restart under restart=always, whose death no inspection shows', async () => {
    const command = ['sh', '-c', 'sleep 0.5; exit 3'];
    const id = await engine.cli(
      'run',
      '-d',
      '--restart',
      'always',
      '--name',
      name('always'),
      images.web,
      ...command,
    );
    await eventually('it died and started again', () => {
      const types = sink.signalTypes(id);
      return (
        types.indexOf('ContainerStarted', types.indexOf('ContainerDied')) > types.indexOf('ContainerDied')
      );
    });
    await engine.cli('rm', '-f', id);
  });

  it('follows a container through networks', async () => {
    await engine.cli('network', 'create', name('net'));
    const id = await engine.cli('run', '-d', '--name', name('moving'), images.web);
    const onNetworks = (...names: string[]) =>
      eventually(`it is on ${names}`, () => {
        const sighting = sink.lastSighting(id);
        if (sighting?.kind !== 'observed' || sighting.observation.status !== 'running') return false;
        const { networks } = sighting.observation;
        return (
          networks.every(({ address }) => address !== '') &&
          networks.map((network) => network.name).join() === names.join()
        );
      });
    await onNetworks('bridge');
    await engine.cli('network', 'connect', name('net'), id);
    await onNetworks('bridge', name('net'));
    await engine.cli('network', 'disconnect', 'bridge', id);
    await onNetworks(name('net'));
    await engine.cli('rm', '-f', id);
  });

  it('follows health', async () => {
    const id = await engine.cli('run', '-d', '--name', name('health'), images.health);
    const isSeen = (health: string) =>
      eventually(`it is seen ${health}`, () => {
        const sighting = sink.lastSighting(id);
        return sighting?.kind === 'observed' && sighting.observation.health === health;
      });
    await isSeen('starting');
    await isSeen('healthy');
    await engine.cli('exec', id, 'sh', '-c', 'echo > /tmp/sick');
    await isSeen('unhealthy');
    await engine.cli('rm', '-f', id);
  });

  it('misses nothing in silence while it stands still and 1,200 events pass', async () => {
    const id = await engine.cli('create', '--name', name('renamed'), images.web);
    const follower = startFollower(engine.host);
    try {
      await follower.caughtUp(1);
      await follower.standStill(() => renameMany(connections, id, name('renamed'), 1_200));
      await follower.caughtUp(2);
      await engine.cli('start', id);
      await eventually('it follows as before', () => follower.signals(id, 'ContainerStarted').length === 1);
      const renames = follower.signals(id, 'ContainerRenamed').map(({ timeNano }) => timeNano);
      expect(new Set(renames).size).toBe(renames.length);
      if (renames.length < 1_200) expect(follower.kinds()).toContain('gap');
      expect(follower.kinds()).not.toContain('lost');
    } finally {
      follower.end();
    }
    await engine.cli('rm', '-f', id);
  }, 60_000);

  it('takes up the history where the run before stopped', async () => {
    const id = await engine.cli('create', '--name', name('resumed'), images.web);
    await eventually('the creation is seen', () => sink.signalTypes(id).length > 0);
    const lastSeen = watcher.lastSeen();
    await engine.cli('start', id);
    const later = createRecordingSink();
    const second = createWatcher({ connections, conceal, logger: quietLogger, locate });
    second.start(later, lastSeen);
    await eventually('it is caught up', () => later.of('caughtUp').length > 0);
    await second.stop();
    expect(later.of('gap')).toEqual([]);
    expect(later.signalTypes(id)).toContain('ContainerStarted');
    await engine.cli('rm', '-f', id);
  });

  it('streams output and stats', async () => {
    const script = 'echo one; echo two >&2; sleep 100';
    const id = await engine.cli('run', '-d', '--name', name('talk'), images.web, 'sh', '-c', script);
    const reader = createReader({ docker: connections.people, conceal });
    const lines: LogLine[] = [];
    const controller = new AbortController();
    const options = { tail: 10, follow: true, signal: controller.signal };
    await reader.logs(id, options, (line) => {
      lines.push(line);
      if (lines.length === 2) controller.abort();
    });
    expect(lines).toContainEqual({ stream: 'stdout', line: 'one' });
    expect(lines).toContainEqual({ stream: 'stderr', line: 'two' });
    const sampling = new AbortController();
    let sample: Record<string, unknown> = {};
    await reader.stats(id, sampling.signal, (taken) => {
      sample = taken;
      sampling.abort();
    });
    expect(sample).toHaveProperty('cpu_stats');
    expect((await reader.names()).map((one) => one.id)).toContain(id);
    expect((await reader.views([id])).map((view) => view.id)).toEqual([id]);
    await engine.cli('rm', '-f', id);
  });

  describe('commands', () => {
    it('creates, starts, stops and removes, and carries the command id into the signals', async () => {
      const commands = createCommands({ docker: connections.writing });
      const { id } = await commands.create(
        {
          image: images.web,
          name: name('made'),
          env: { CANARY: 'c4n4ry' },
          labels: { 'my.token': 'c4n4ry' },
          pull: 'never',
          start: true,
        },
        'command-1',
        () => undefined,
      );
      await eventually('the start is signalled', () => sink.signalTypes(id).includes('ContainerStarted'));
      const claimed = sink.of('signal').find(({ signal }) => signal.container === id)?.signal.claimed;
      expect(claimed?.commandId).toBe('command-1');
      const view = await createReader({ docker: connections.people, conceal }).inspect(id);
      expect(JSON.stringify(view)).not.toContain('c4n4ry');
      await commands.start(id);
      await commands.stop(id, { timeout: 1 });
      await commands.stop(id, {});
      await commands.remove(id, {});
      expect(
        JSON.stringify(sink.deliveries, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
      ).not.toContain('c4n4ry');
    });
  });
});

/** Renames make one event each, and cost the engine least. */
async function renameMany(connections: Connections, id: string, name: string, count: number): Promise<void> {
  const container = connections.people.getContainer(id);
  for (let n = 0; n < count; n++) await container.rename({ name: `${name}${n % 2}` });
}
