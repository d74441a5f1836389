/** Given/when/then over the pure heart: inputs in, the types and data of the events out, under a clock of its own. */
import { expect } from 'vitest';
import type { Policy } from '../../src/events/decisions.ts';
import type { NewEvent } from '../../src/events/event.ts';
import type { ContainerId, EngineId, EventId, Host, Position } from '../../src/events/ids.ts';
import type { ContainerObservation, ContainerSpec } from '../../src/events/observations.ts';
import { advance, advanceClock, type Step } from '../../src/routing/advance.ts';
import { entriesOf, entryOf } from '../../src/routing/entries.ts';
import { match } from '../../src/routing/match.ts';
import type { Input } from '../../src/routing/record.ts';
import { createState, type State } from '../../src/routing/state.ts';
import { isForgotten, type RoutingTable } from '../../src/routing/table.ts';

export const engineA = 'ENGINE-A' as EngineId;
export const engineB = 'ENGINE-B' as EngineId;

export const defaultPolicy: Policy = {
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

/** A stable 64-digit id from a short name. */
export const idOf = (name: string): ContainerId =>
  Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64) as ContainerId;

type Changes = Partial<Omit<ContainerObservation, 'spec'>> & { readonly spec?: Partial<ContainerSpec> };

let lastAddress = 1;

/** A running container that exposes port 80 on the default bridge, but for the changes. */
export function running(name: string, changes: Changes = {}): ContainerObservation {
  const { spec, ...rest } = changes;
  lastAddress += 1;
  return {
    container: idOf(name),
    name,
    status: 'running',
    health: 'none',
    startedAt: '2026-01-01T00:00:00.000000001Z',
    finishedAt: null,
    exitCode: 0,
    oomKilled: false,
    restartCount: 0,
    networks: [
      {
        name: 'bridge',
        address: `172.17.0.${lastAddress}`,
        address6: '',
        gateway: '172.17.0.1',
        gateway6: '',
      },
    ],
    published: [],
    ...rest,
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
      ...spec,
    },
  };
}

export const exited = (container: ContainerObservation, exitCode = 0): ContainerObservation => ({
  ...container,
  status: 'exited',
  exitCode,
  finishedAt: '2026-01-01T13:59:59.9Z',
  networks: container.networks.map((network) => ({ ...network, address: '', address6: '' })),
});

export function createScenario(policy: Partial<Policy> = {}, state: State = createState()) {
  let now = Date.parse('2026-01-01T14:00:00Z');
  const log: NewEvent[] = [];
  const held = new Map(entriesOf(state).map((entry) => [entry.host, entry]));
  const take = ({ events, hosts }: Step): NewEvent[] => {
    log.push(...events);
    for (const host of hosts) {
      const entry = entryOf(state, host);
      if (isForgotten(entry)) held.delete(host);
      else held.set(host, entry);
    }
    // A step names each host whose entry differs: workers are told of no others.
    for (const entry of entriesOf(state)) expect(held.get(entry.host)).toEqual(entry);
    expect(held.size).toBe(state.sites.size);
    return [...events];
  };
  const input = (one: Input): NewEvent[] => take(advance(state, one, now));
  const observed = (observation: ContainerObservation, engine = engineA): NewEvent[] =>
    input({ kind: 'observed', engine, observation, between: null });
  const setPolicy = (changes: Partial<Policy>): NewEvent[] =>
    input({
      kind: 'policy',
      policy: { ...defaultPolicy, ...changes },
      id: `policy ${log.length}` as EventId,
    });
  setPolicy(policy);
  log.length = 0;
  const table = (): RoutingTable => ({
    position: state.position as Position,
    trust: 'confirmed',
    hosts: new Map([...state.sites.keys()].map((host) => [host, entryOf(state, host)])),
  });
  return {
    state,
    log,
    input,
    observed,
    setPolicy,
    lost: (name: string, engine = engineA, reason: 'destroyed' | 'engine-replaced' = 'destroyed') =>
      input({ kind: 'lost', engine, container: idOf(name), reason, between: null }),
    inferred: (observation: ContainerObservation, between: [string | null, string]) =>
      input({ kind: 'observed', engine: engineA, observation, between }),
    pass: (milliseconds: number): NewEvent[] => {
      now += milliseconds;
      return take(advanceClock(state, now));
    },
    /** Where a request goes: addresses with ports, or what the proxy would say. */
    request: (host: string, path = '/'): string[] => {
      const found = match(table(), host, path);
      if (found.kind === 'route')
        return found.route.targets.map((target) => `${target.address}:${target.port}`);
      return found.kind === 'down' ? [`down: ${found.sentence}`] : [found.kind];
    },
  };
}

export const typesOf = (events: readonly NewEvent[]): string[] =>
  events.map((event) => {
    const { data } = event;
    return 'reason' in data ? `${event.type} ${data.reason}` : event.type;
  });
