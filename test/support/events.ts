/** Tells a story of containers, people and restarts to the real deciding code, and keeps the events that result. */
import type { CommandKind } from '../../src/events/commands.ts';
import type { Policy } from '../../src/events/decisions.ts';
import type { Actor, DataOf, EventType, NewEvent } from '../../src/events/event.ts';
import type { CommandId, ContainerId, EngineId, EventId, Host, StreamId } from '../../src/events/ids.ts';
import { commandKey } from '../../src/events/keys.ts';
import type { ContainerObservation, ContainerSpec, ContainerStatus } from '../../src/events/observations.ts';
import type { Claimed, SignalType } from '../../src/events/signals.ts';
import { advance, advanceClock } from '../../src/routing/advance.ts';
import type { Input, Note } from '../../src/routing/record.ts';
import { createState, type State } from '../../src/routing/state.ts';

export const engine = 'ENGINE-A' as EngineId;
const portolan: Actor = { kind: 'portolan', name: 'portolan' };
export const alice: Actor = { kind: 'api', name: 'alice' };
export const bob: Actor = { kind: 'api', name: 'bob' };

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

/** What is appended in one commit. */
export interface Batch {
  readonly now: number;
  readonly events: readonly NewEvent[];
}

export type Story = ReturnType<typeof createStory>;
export type Character = ReturnType<Story['container']>;

export function createStory(state: State = createState()) {
  let now = Date.parse('2026-01-05T06:00:00Z');
  let serial = 0;
  let addresses = 1;
  const batches: Batch[] = [];

  const keep = (events: readonly NewEvent[]): readonly NewEvent[] => {
    if (events.length > 0) batches.push({ now, events });
    return events;
  };
  const take = (input: Input): readonly NewEvent[] => keep(advance(state, input, now).events);
  const unique = (): EventId => {
    serial += 1;
    return serial.toString(16).padStart(32, '0') as EventId;
  };

  function pass(milliseconds: number): void {
    now += milliseconds;
    keep(advanceClock(state, now).events);
  }

  function note<T extends EventType>(
    type: T,
    data: DataOf<T>,
    {
      id = unique(),
      actor = portolan,
      of = 'portolan',
      causedBy,
    }: {
      id?: EventId;
      actor?: Actor;
      of?: string;
      causedBy?: NewEvent;
    } = {},
  ): NewEvent {
    const occurredAt = BigInt(now) * 1_000_000n;
    const streamId = of as StreamId;
    return take({
      kind: 'note',
      note: {
        type,
        data,
        id,
        streamId,
        engineId: type.startsWith('Portolan') ? null : engine,
        occurredAt,
        actor,
        causedBy,
      } as Note,
    })[0]!;
  }

  function command(
    kind: CommandKind,
    on: { name: string; id: ContainerId | null },
    actor: Actor,
    parameters: Record<string, unknown> = {},
  ) {
    serial += 1;
    const id = `00000000-0000-4000-8000-${serial.toString().padStart(12, '0')}` as CommandId;
    const about = { command: id, kind, name: on.name, container: on.id };
    const of = `command:${id}`;
    const requested = note(
      'CommandRequested',
      { ...about, parameters },
      { id: commandKey(id, 'requested'), actor, of },
    );
    const outcome = { id: commandKey(id, 'outcome'), of, causedBy: requested };
    return {
      id,
      succeed: (container: ContainerId | null = on.id) =>
        note('CommandSucceeded', { ...about, container }, outcome),
      fail: (status: number, message: string) =>
        note('CommandFailed', { ...about, status, message }, outcome),
      lose: (reason: string) => note('CommandOutcomeUnknown', { ...about, reason }, outcome),
    };
  }

  function container(name: string, specChanges: Partial<ContainerSpec> = {}) {
    serial += 1;
    let observation = createObservation(name, specChanges, serial);
    const id = observation.container;
    /** @param ago milliseconds since it happened */
    const signal = (type: SignalType, claimed: Claimed = {}, ago = 0): void => {
      now += 1;
      const own = type.startsWith('ContainerNetwork')
        ? { network: 'bridge' }
        : { name: observation.name, image: 'nginx:1.27' };
      const attributeDigest = unique();
      const timeNano = BigInt(now - ago) * 1_000_000n;
      take({
        kind: 'signal',
        engine,
        type,
        timeNano,
        source: 'container',
        action: type,
        container: id,
        claimed: { ...own, ...claimed },
        attributeDigest,
      });
    };
    /** @param since set if no signal told of it */
    const observe = (changes: Partial<ContainerObservation> = {}, since?: string): void => {
      now += 1;
      observation = { ...observation, ...changes };
      take({
        kind: 'observed',
        engine,
        observation,
        between: since === undefined ? null : [since, instant()],
      });
    };
    const become = (status: ContainerStatus): Partial<ContainerObservation> => {
      if (status !== 'running') {
        const networks = observation.networks.map((network) => ({ ...network, address: '' }));
        return { status, networks, ...(status === 'exited' ? { finishedAt: instant() } : {}) };
      }
      addresses = (addresses % 250) + 1;
      const networks = observation.networks.map((network) => ({
        ...network,
        address: `172.17.0.${addresses}`,
      }));
      return { status, networks, startedAt: instant(), finishedAt: null, exitCode: 0 };
    };
    return {
      id,
      get name() {
        return observation.name;
      },
      get status() {
        return observation.status;
      },
      signal,
      observe,
      become,
      created(claimed: Claimed = {}): void {
        signal('ContainerCreated', claimed);
        observe();
      },
      started(): void {
        signal('ContainerNetworkConnected');
        signal('ContainerStarted');
        observe(become('running'));
      },
      stopped(exitCode = 0): void {
        signal('ContainerKilled', { signal: '15' });
        signal('ContainerDied', { exitCode: `${exitCode}` });
        observe({ ...become('exited'), exitCode });
        signal('ContainerNetworkDisconnected');
        signal('ContainerStopped');
      },
      crashed(exitCode = 1): void {
        signal('ContainerDied', { exitCode: `${exitCode}` });
        observe({ ...become('exited'), exitCode });
        signal('ContainerNetworkDisconnected');
      },
      paused(): void {
        signal('ContainerPaused');
        observe({ status: 'paused' });
      },
      unpaused(): void {
        signal('ContainerUnpaused');
        observe({ status: 'running' });
      },
      renamed(next: string): void {
        signal('ContainerRenamed', { oldName: observation.name, name: next });
        observe({ name: next });
      },
      removed(): void {
        signal('ContainerDestroyed');
        now += 1;
        take({ kind: 'lost', engine, container: id, reason: 'destroyed', between: null });
      },
      /** @param since it went while nobody watched */
      vanished(since: string): void {
        take({ kind: 'lost', engine, container: id, reason: 'not-found', between: [since, instant()] });
      },
    };
  }

  const instant = (): string => new Date(now).toISOString();

  return {
    state,
    batches,
    instant,
    now: () => now,
    pass,
    container,
    command,
    note,
    policy(changes: Partial<Policy> = {}): void {
      take({ kind: 'policy', policy: { ...policy, ...changes }, id: unique() });
    },
    started: (bootId: string, lastAlive: string | null) =>
      note('PortolanStarted', { version: '0.1.0', bootId, lastAlive }),
    ended: () => note('PortolanStopped', { reason: 'SIGTERM' }),
    connected: () =>
      note('EngineConnected', {
        name: 'host',
        version: '27.0',
        apiVersion: '1.46',
        operatingSystem: 'Debian',
      }),
    away: () => note('EngineLost', { reason: 'socket closed' }),
    /** All events so far, in order. */
    events: (): NewEvent[] => batches.flatMap((batch) => batch.events),
  };
}

function createObservation(
  name: string,
  changes: Partial<ContainerSpec>,
  serial: number,
): ContainerObservation {
  return {
    container: serial.toString(16).padStart(12, '0').padEnd(64, 'a') as ContainerId,
    name,
    status: 'created',
    health: 'none',
    startedAt: null,
    finishedAt: null,
    exitCode: 0,
    oomKilled: false,
    restartCount: 0,
    networks: [{ name: 'bridge', address: '', address6: '', gateway: '172.17.0.1', gateway6: '' }],
    published: [],
    spec: {
      image: 'nginx:1.27',
      imageId: 'sha256:00',
      createdAt: '2026-01-01T00:00:00Z',
      labels: {},
      exposed: [80],
      networkMode: 'default',
      healthcheck: false,
      stopSignal: 'SIGTERM',
      env: {},
      restartPolicy: 'no',
      ...changes,
    },
  };
}
