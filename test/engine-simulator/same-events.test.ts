/** The same scenario on the simulator and on the real engine makes the same events, in the same order. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { describeOnDocker, images } from '../support/docker.ts';
import { createEngine } from '../support/simulated.ts';
import { eventually } from './support.ts';

/** What a real container runs, and how a simulated one is told to behave like it. */
const behaviours = {
  /** As a web server: ends with 4 on SIGTERM. */
  orderly: {
    Cmd: ['sh', '-c', 'trap "exit 4" TERM; while :; do /bin/busybox sleep 0.02; done'],
    Env: ['SIMULATED_ON_TERM=4'],
  },
  /** busybox httpd: the first process of a container ignores what it does not handle. */
  stubborn: { Env: ['SIMULATED_ON_TERM=ignore'] },
  /** Ends by itself. */
  brief: { Cmd: ['sh', '-c', '/bin/busybox sleep 0.4; exit 3'], Env: ['SIMULATED_EXIT=3@400'] },
} as const;

interface Scene {
  readonly docker: Docker;
  /** Begins the names of containers and networks. */
  readonly name: string;
  create(behaviour: keyof typeof behaviours, options?: object): Promise<Docker.Container>;
  /** Waits for so many events of an action, about anything of this scene. */
  hears(action: string, count?: number): Promise<unknown>;
}

/** The signal of a moment ago has been taken once a shell with a trap has had its turn. */
const settle = () => sleep(150);

const scenarios: Record<string, (scene: Scene) => Promise<unknown>> = {
  async 'create, start, stop, start, remove'({ create }) {
    const container = await create('orderly', { Labels: { a: 'b' } });
    await container.start();
    await settle();
    await container.stop({ t: 5 });
    await container.start();
    await container.remove({ force: true });
  },
  async 'a stop that has to kill'({ create }) {
    const container = await create('stubborn');
    await container.start();
    await container.stop({ t: 1 });
    await container.remove();
  },
  async 'restart of a running and of a stopped one'({ create }) {
    const container = await create('orderly');
    await container.start();
    await settle();
    await container.restart({ t: 5 });
    await container.kill();
    await container.restart({ t: 5 });
  },
  async 'signals, and a kill'({ create }) {
    const container = await create('stubborn');
    await container.start();
    await container.kill({ signal: 'WINCH' });
    await container.kill({ signal: 'SIGUSR1' });
    await container.kill();
    await container.remove();
  },
  async 'SIGTERM by kill'({ create, hears }) {
    const container = await create('orderly');
    await container.start();
    await settle();
    await container.kill({ signal: 'TERM' });
    await hears('disconnect');
  },
  async 'pause, unpause, rename, update'({ create, name }) {
    const container = await create('stubborn');
    await container.start();
    await container.pause();
    await container.unpause();
    await container.rename({ name: `${name}-renamed` });
    await container.update({ RestartPolicy: { Name: 'always' } });
    await container.kill();
  },
  async 'a signal, and a kill, while paused'({ create, hears }) {
    const container = await create('stubborn');
    await container.start();
    await container.pause();
    await container.kill({ signal: 'WINCH' });
    await hears('unpause');
    await container.pause();
    await container.kill();
  },
  async 'labels that forge attributes'({ create, name }) {
    const Labels = { exitCode: '0', signal: 'none', name: 'forged', image: 'forged', oldName: 'forged' };
    const container = await create('stubborn', { Labels });
    await container.start();
    await container.rename({ name: `${name}-renamed` });
    await container.kill();
    await container.remove();
  },
  async 'another network, while it runs and while it does not'({ docker, create, name }) {
    const network = await docker.createNetwork({ Name: `${name}-net` });
    const container = await create('stubborn');
    await container.start();
    await network.connect({ Container: container.id });
    await network.disconnect({ Container: container.id });
    await container.kill();
    await network.connect({ Container: container.id });
    await network.disconnect({ Container: container.id });
    await container.remove();
    await network.remove();
  },
  async 'the host network, and no network'({ create }) {
    for (const NetworkMode of ['host', 'none']) {
      const container = await create('brief', { Image: images.plain, HostConfig: { NetworkMode } });
      await container.start();
      await container.kill();
      await container.remove();
    }
  },
  async 'a network that is not there'({ create }) {
    const container = await create('brief', { HostConfig: { NetworkMode: 'not-there' } });
    await expect(container.start()).rejects.toThrow('network not-there not found');
    await container.remove();
  },
  async 'removed by itself (--rm): ended, killed, stopped'({ create, hears }) {
    const options = { HostConfig: { AutoRemove: true } };
    await (await create('brief', options)).start();
    await hears('destroy');
    const killed = await create('stubborn', options);
    await killed.start();
    await killed.kill();
    await hears('destroy', 2);
    const stopped = await create('orderly', options);
    await stopped.start();
    await settle();
    await stopped.stop();
    await hears('destroy', 3);
  },
  async 'restarted by policy, until it is killed'({ create, hears }) {
    const container = await create('brief', { HostConfig: { RestartPolicy: { Name: 'always' } } });
    await container.start();
    await hears('start', 2);
    await container.kill();
  },
  async 'on-failure, so many times'({ create, hears }) {
    const RestartPolicy = { Name: 'on-failure', MaximumRetryCount: 1 };
    await (await create('brief', { HostConfig: { RestartPolicy } })).start();
    await hears('die', 2);
    await hears('disconnect', 2);
  },
  async 'a health check'({ create, hears }) {
    const container = await create('stubborn', {
      Healthcheck: { Test: ['CMD', '/bin/busybox', 'true'], Interval: 1e9, Retries: 1 },
    });
    await container.start();
    await hears('health_status: healthy');
    await container.kill();
  },
  async 'a command inside of a container'({ create, hears }) {
    const container = await create('stubborn');
    await container.start();
    const exec = await container.exec({ Cmd: ['/bin/busybox', 'true'] });
    await exec.start({ Detach: true });
    await hears('exec_die');
    await container.kill();
  },
};

describeOnDocker('the simulator and the real engine', (engine) => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await createEngine();
    simulator.images.add(images.web);
    // What is on the host network must not ask for its port 80.
    simulator.images.add(images.plain, { exposed: [] });
  });
  afterAll(async () => {
    await simulator.stop();
    await engine.cleanUp();
  });

  for (const [title, play] of Object.entries(scenarios)) {
    test(`make the same events: ${title}`, async () => {
      const real = await record(engine.host, `${engine.prefix}${randomBytes(3).toString('hex')}`, play);
      const simulated = await record(simulator.host, `sim-${randomBytes(3).toString('hex')}`, play);
      expect(simulated).toEqual(inUsualOrder(real));
      expect(real.length).toBeGreaterThan(1);
    });
  }
});

/** A paused container that gets a signal is resumed: the real engine says that before `kill` or after it, by chance. */
function inUsualOrder(lines: readonly string[]): string[] {
  const ordered = [...lines];
  for (let at = 0; at + 1 < ordered.length; at++) {
    const [first, second] = [ordered[at]!, ordered[at + 1]!];
    if (!first.startsWith('container unpause') || !second.startsWith('container kill')) continue;
    ordered.splice(at, 2, second, first);
  }
  return ordered;
}

interface Message {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Record<string, string> };
}

/** What the engine says of the scene's containers and networks, with names and ids made comparable. */
async function record(
  host: string,
  name: string,
  play: (scene: Scene) => Promise<unknown>,
): Promise<string[]> {
  const docker = new Docker({ socketPath: host.replace(/^unix:\/\//, '') });
  const stream = await docker.getEvents();
  const heard = listen(stream);
  // The head comes before the subscription: what is said now may be missed.
  await sleep(100);
  const ids: string[] = [];
  const mine = (): Message[] =>
    heard.filter(
      ({ Actor: { ID, Attributes } }) =>
        ids.includes(ID) ||
        ids.includes(Attributes['container'] ?? '') ||
        Attributes['name']?.startsWith(name),
    );
  await play({
    docker,
    name,
    async create(behaviour, options = {}) {
      const number = ids.length;
      const container = await docker.createContainer({
        Image: images.web,
        name: `${name}-${number}`,
        ...(behaviours[behaviour] as object),
        ...options,
      });
      ids.push(container.id);
      return container;
    },
    hears: (action, count = 1) =>
      eventually(
        `${action} is heard ${count} times`,
        () => mine().filter(({ Action }) => Action === action).length >= count,
        10_000,
      ),
  });
  await sleep(400);
  (stream as unknown as { destroy(): void }).destroy();
  for (const id of ids) await docker.getContainer(id).remove({ force: true }).catch(ignoreMissing);
  return mine().map((message) => textOf(message, name, ids));
}

function listen(stream: NodeJS.ReadableStream): Message[] {
  const heard: Message[] = [];
  let rest = '';
  stream.on('error', () => undefined);
  stream.on('data', (chunk) => {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop()!;
    heard.push(...lines.map((line) => JSON.parse(line) as Message));
  });
  return heard;
}

/** Such as one that removed itself. */
function ignoreMissing(error: { statusCode?: number }): void {
  if (error.statusCode !== 404) throw error;
}

/** `container kill {image=…, name=NAME-0, signal=15}` */
function textOf({ Type, Action, Actor }: Message, name: string, ids: readonly string[]): string {
  const attributes = Object.entries(Actor.Attributes)
    .map(([key, value]) => {
      const id = key === 'execID' ? 'EXEC' : ids.includes(value) ? `CONTAINER-${ids.indexOf(value)}` : value;
      return `${key}=${id.replaceAll(name, 'NAME')}`;
    })
    .join(', ');
  return `${Type} ${Action} {${attributes}}`;
}
