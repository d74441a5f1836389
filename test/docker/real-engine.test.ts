/** The watcher, the commands and the reader against a real engine. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEngineAddress } from '../../src/docker/address.ts';
import { createCommands } from '../../src/docker/commands.ts';
import { type Connections, createConnections } from '../../src/docker/connection.ts';
import type { EngineWatcher } from '../../src/docker/engine.ts';
import { createReader } from '../../src/docker/reader.ts';
import { createWatcher } from '../../src/docker/watcher.ts';
import { describeOnDocker, images } from '../support/docker.ts';
import { conceal, createRecordingSink, eventually, quietLogger, type RecordingSink } from './support.ts';

describeOnDocker('a real engine', (engine) => {
  let connections: Connections;
  let sink: RecordingSink;
  let watcher: EngineWatcher;
  const name = (text: string) => engine.prefix + text;

  beforeAll(async () => {
    connections = createConnections(parseEngineAddress(engine.host, process.env));
    sink = createRecordingSink();
    watcher = createWatcher({ connections, conceal, logger: quietLogger });
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
