/** Generates what a day of a Docker host puts into the log: seeded lifecycles of containers, decided by the real code. */
import { createHash } from 'node:crypto';
import type { Policy } from '../../src/events/decisions.ts';
import type { NewEvent } from '../../src/events/event.ts';
import type { ContainerId, EngineId, EventId, Host } from '../../src/events/ids.ts';
import type { ContainerObservation, ContainerSpec, ContainerStatus } from '../../src/events/observations.ts';
import type { Claimed, SignalType } from '../../src/events/signals.ts';
import { advance } from '../../src/routing/advance.ts';
import type { Input } from '../../src/routing/record.ts';
import { createState, type State } from '../../src/routing/state.ts';

export interface Day {
  readonly seed: number;
  /** Containers that exist at one time. */
  readonly containers: number;
}

/** What one input put into the log: the event that records it and the decisions that follow. */
export interface Step {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly events: readonly NewEvent[];
}

export const engine = 'JYKD:4VZN:2QTL:6T3N:WLAX:CMHO:4O2E:7ZKS:JVRU:RAAA:6GXP:K3QD' as EngineId;

const policy: Policy = {
  domain: 'docker.localhost' as Host,
  expose: 'all',
  allowedHosts: null,
  reservedHosts: ['localhost' as Host],
  reach: { kind: 'network' },
  ownPorts: [80, 8080],
  ownContainer: null,
  claimHold: 10_000,
  decider: 1,
};

/** Without end; take as many as are wanted. The state it decides on can be looked at in between. */
export function* lifecycles(day: Day, state: State = createState()): Generator<Step, never> {
  const random = createRandom(day.seed);
  let now = Date.parse('2026-01-05T06:00:00Z');
  const step = (input: Input): Step => ({ now, events: advance(state, input, now).events });
  yield step({ kind: 'policy', policy, id: createHash('md5').update('policy').digest('hex') as EventId });
  const hosts = Array.from({ length: day.containers }, (_, index) => createContainer(index, random));
  for (;;) {
    const container = hosts[Math.floor(random() * hosts.length)]!;
    now += Math.floor(random() * 20_000);
    for (const input of container.live(now)) {
      now += 1 + Math.floor(random() * 5);
      const made = step(input);
      if (made.events.length > 0) yield made;
    }
  }
}

/** One name whose container is made, started, stopped, started again, and now and then replaced by a new one. */
function createContainer(index: number, random: () => number) {
  const name = `shop-${index % 7}-web-${index}`;
  const spec = specOf(index);
  let id: ContainerId = '' as ContainerId;
  let status: ContainerStatus = 'removing';
  let startedAt: string | null = null;
  let exitCode = 0;
  let time = 0n;

  const stamp = (now: number): string =>
    new Date(now).toISOString().replace('Z', `${String(Math.floor(random() * 1e6)).padStart(6, '0')}Z`);

  function signal(type: SignalType, now: number, claimed: Claimed = {}): Input {
    time += 1_000_000n;
    const timeNano = BigInt(now) * 1_000_000n + (time % 1_000_000_000n);
    const attributeDigest = `${timeNano}`;
    const all = { name, image: spec.image, ...claimed };
    return {
      kind: 'signal',
      engine,
      type,
      timeNano,
      source: 'container',
      action: type,
      container: id,
      claimed: all,
      attributeDigest,
    };
  }

  function observed(now: number): Input {
    const running = status === 'running';
    const observation: ContainerObservation = {
      container: id,
      name,
      spec,
      status,
      health: 'none',
      startedAt,
      finishedAt: running ? null : stamp(now),
      exitCode,
      oomKilled: exitCode === 137,
      restartCount: 0,
      networks: [
        {
          name: `shop-${index % 7}_default`,
          address: running ? `172.${18 + (index % 7)}.${index >> 8}.${2 + (index & 127)}` : '',
          address6: '',
          gateway: running ? `172.${18 + (index % 7)}.0.1` : '',
          gateway6: '',
        },
      ],
      published: [],
    };
    return { kind: 'observed', engine, observation, between: null };
  }

  function* start(now: number): Generator<Input> {
    status = 'running';
    exitCode = 0;
    startedAt = stamp(now);
    yield signal('ContainerNetworkConnected', now, { network: `shop-${index % 7}_default` });
    yield signal('ContainerStarted', now);
    yield observed(now);
  }

  function* stop(now: number): Generator<Input> {
    exitCode = random() < 0.1 ? 137 : 0;
    yield signal('ContainerKilled', now, { signal: '15' });
    yield signal('ContainerDied', now, { exitCode: `${exitCode}` });
    status = 'exited';
    yield observed(now);
    yield signal('ContainerNetworkDisconnected', now, { network: `shop-${index % 7}_default` });
    yield signal('ContainerStopped', now);
  }

  return {
    *live(now: number): Generator<Input> {
      if (status === 'removing') {
        id = createHash('sha256').update(`${name} ${random()}`).digest('hex') as ContainerId;
        yield signal('ContainerCreated', now);
        yield* start(now);
      } else if (status === 'running') {
        yield* stop(now);
        if (random() < 0.3) yield* start(now);
      } else if (random() < 0.4) {
        yield signal('ContainerDestroyed', now);
        yield { kind: 'lost', engine, container: id, reason: 'destroyed', between: null };
        status = 'removing';
      } else {
        yield* start(now);
      }
    },
  };
}

function specOf(index: number): ContainerSpec {
  const project = `shop-${index % 7}`;
  return {
    image: 'registry.example.com/shop/web:1.27',
    imageId: `sha256:${createHash('sha256').update(project).digest('hex')}`,
    createdAt: '2026-01-05T05:59:00.123456789Z',
    labels:
      index % 3 === 0
        ? { 'com.docker.compose.project': project, 'com.docker.compose.service': `web-${index}` }
        : {},
    exposed: [80],
    networkMode: `${project}_default`,
    healthcheck: false,
    stopSignal: 'SIGTERM',
    env: {},
    restartPolicy: 'no',
  };
}

/** mulberry32: small, seeded, good enough to vary a day. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
