/** The same scenario on the simulator and on the real engine makes the same events. */
import { randomBytes } from 'node:crypto';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { describeOnDocker, images } from '../support/docker.ts';
import { createEngine } from '../support/simulated.ts';

const socketOf = (host: string): string => host.replace(/^unix:\/\//, '');

/** Each scenario acts on one container of its own; what the engine says of it is compared. */
const scenarios: Record<string, (docker: Docker, name: string) => Promise<void>> = {
  'create, start, stop, start, remove': async (docker, name) => {
    const container = await docker.createContainer({ Image: images.web, name });
    await container.start();
    await container.stop({ t: 0 });
    await container.start();
    await container.remove({ force: true });
  },
  'restart and kill': async (docker, name) => {
    const container = await docker.createContainer({ Image: images.web, name });
    await container.start();
    await container.restart({ t: 0 });
    await container.kill({ signal: 'WINCH' });
    await container.kill();
    await container.remove();
  },
  'pause, unpause, rename': async (docker, name) => {
    const container = await docker.createContainer({ Image: images.web, name });
    await container.start();
    await container.pause();
    await container.unpause();
    await container.rename({ name: `${name}-renamed` });
    await container.remove({ force: true });
  },
  'labels that forge attributes': async (docker, name) => {
    const Labels = { exitCode: '0', signal: 'none', name: 'forged', image: 'forged' };
    const container = await docker.createContainer({ Image: images.web, name, Labels });
    await container.start();
    await container.kill();
    await container.remove();
  },
  'another network': async (docker, name) => {
    const network = await docker.createNetwork({ Name: `${name}-net` });
    const container = await docker.createContainer({ Image: images.web, name });
    await container.start();
    await network.connect({ Container: container.id });
    await network.disconnect({ Container: container.id });
    await container.remove({ force: true });
    await network.remove();
  },
  'removed by itself (--rm)': async (docker, name) => {
    const container = await docker.createContainer({
      Image: images.web,
      name,
      HostConfig: { AutoRemove: true },
    });
    await container.start();
    const gone = container.wait({ condition: 'removed' }).catch(() => undefined);
    await container.kill();
    await gone;
    await new Promise((resolve) => setTimeout(resolve, 300));
  },
};

describeOnDocker('the simulator and the real engine', (engine) => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await createEngine();
    simulator.images.add(images.web);
  });
  afterAll(async () => {
    await simulator.stop();
    await engine.cleanUp();
  });

  for (const [title, play] of Object.entries(scenarios)) {
    test(`make the same events: ${title}`, async () => {
      const name = `${engine.prefix}${randomBytes(3).toString('hex')}`;
      const real = await record(new Docker({ socketPath: socketOf(engine.host) }), name, play);
      const simulated = await record(new Docker({ socketPath: socketOf(simulator.host) }), name, play);
      expect(simulated).toEqual(real);
    });
  }
});

interface Message {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Record<string, string> };
}

async function record(
  docker: Docker,
  name: string,
  play: (docker: Docker, name: string) => Promise<void>,
): Promise<unknown[]> {
  const stream = await docker.getEvents();
  let text = '';
  stream.on('data', (chunk) => {
    text += chunk;
  });
  await play(docker, name);
  await new Promise((resolve) => setTimeout(resolve, 300));
  (stream as unknown as { destroy(): void }).destroy();
  const messages = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Message);
  const mine = messages.find((one) => one.Action === 'create' && one.Type === 'container')?.Actor.ID;
  const about = messages.filter(({ Type, Actor }) =>
    Type === 'container' ? Actor.ID === mine : Type === 'network' && Actor.Attributes['container'] === mine,
  );
  // busybox is ended by SIGKILL in the one and by SIGTERM in the other: which signals it took is left out.
  const kept = ['image', 'oldName', 'type'];
  return about
    .filter(({ Action, Actor }) => !(Action === 'kill' && Actor.Attributes['signal'] === '9' && stops(about)))
    .map(({ Type, Action, Actor: { Attributes } }) => [
      Type,
      Action,
      ...kept.map((key) => Attributes[key] ?? ''),
      Attributes['exitCode'] === undefined
        ? ''
        : Attributes['exitCode'] === '0' && 'signal' in Attributes
          ? 'forged'
          : 'code',
    ]);
}

const stops = (messages: readonly Message[]): boolean => messages.some(({ Action }) => Action === 'stop');
