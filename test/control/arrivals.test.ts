/** Which requests the proxy is told to hold, and until when, by states that the real deciding code makes. */
import { afterEach, expect, test, vi } from 'vitest';
import { createArrivals } from '../../src/control/arrivals.ts';
import type { Policy } from '../../src/events/decisions.ts';
import type { Claimed, SignalType } from '../../src/events/signals.ts';
import type { Arrival } from '../../src/routing/table.ts';
import { createScenario, engineA, exited, idOf, running } from '../routing/scenario.ts';

afterEach(() => void vi.useRealTimers());

const created = (name: string, labels: Record<string, string> = {}) => ({
  ...running(name, { status: 'created', startedAt: null, spec: { labels } }),
  networks: [],
});

function follow(policy: Partial<Policy> = {}) {
  const scenario = createScenario(policy);
  const told: Arrival[] = [];
  const arrivals = createArrivals({
    state: () => scenario.state,
    settled: async () => undefined,
    tell: (arrival) => told.push(arrival),
  });
  return {
    ...scenario,
    told: () => told.splice(0).map(({ hosts }) => hosts),
    /** @returns the ways to say that its inspection is over */
    signal(
      name: string,
      type: SignalType,
      said: { claimed?: Claimed; labels?: Record<string, string> } = {},
    ) {
      const { claimed = { name }, labels = {} } = said;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      arrivals.signalled(engineA, { type, container: idOf(name), claimed, labels }, promise);
      const turn = () => new Promise(setImmediate);
      return {
        inspected: () => {
          resolve();
          return turn();
        },
        failed: () => {
          reject(new Error('a defect'));
          return turn();
        },
      };
    },
  };
}

/** As the engine tells of a network: without a name, without labels. */
const network = { claimed: { network: 'bridge' } };
const web = ['web.docker.localhost'];
const labels = {
  'portolan.host': 'shop.test, www.shop.test',
  'portolan.routes.api.host': 'api.test',
  'com.docker.compose.project': 'blog',
  'com.docker.compose.service': 'app',
};
const all = ['web.docker.localhost', 'app.blog.docker.localhost', 'shop.test', 'www.shop.test', 'api.test'];

test('one that is created is awaited at the hosts that it will ask for, until it has been looked at', async () => {
  const { signal, told, observed } = follow();
  const creation = signal('web', 'ContainerCreated', { labels });
  expect(told()).toEqual([all]);
  observed(created('web', labels));
  // It is known now, and asks for what was said.
  const connection = signal('web', 'ContainerNetworkConnected', network);
  await connection.inspected();
  expect(told()).toEqual([]);
  await creation.inspected();
  expect(told()).toEqual([[]]);
});

test('one that has only been created is awaited no more once it has been looked at', async () => {
  const { signal, told, observed } = follow();
  const creation = signal('web', 'ContainerCreated');
  observed(created('web'));
  await creation.inspected();
  expect(told()).toEqual([web, []]);
});

test('one that is started is awaited from its network’s signal on, until the last inspection is over', async () => {
  const { signal, told, observed } = follow();
  observed(created('web', { 'portolan.host': 'shop.test' }));
  const connection = signal('web', 'ContainerNetworkConnected', network);
  const start = signal('web', 'ContainerStarted');
  await connection.inspected();
  expect(told()).toEqual([['web.docker.localhost', 'shop.test']]);
  await start.inspected();
  expect(told()).toEqual([[]]);
});

test('one whose creation nobody told of is awaited once it is named', () => {
  const { signal, told } = follow();
  signal('web', 'ContainerNetworkConnected', network);
  expect(told()).toEqual([]);
  signal('web', 'ContainerStarted');
  signal('web', 'ContainerNetworkConnected', network);
  expect(told()).toEqual([web]);
});

test.each<[string, Partial<Policy>, Record<string, string>]>([
  ['one that is not to be routed', {}, { 'portolan.enable': 'false' }],
  ['one without the label that is asked for', { expose: 'labeled' }, {}],
  ['one with a label that cannot be used', {}, { 'portolan.port': 'eighty' }],
])('%s is awaited nowhere', (_, policy, given) => {
  const { signal, told } = follow(policy);
  signal('web', 'ContainerCreated', { labels: given });
  expect(told()).toEqual([]);
});

test('a host that it may not have is not awaited', () => {
  const { signal, told } = follow({ allowedHosts: [] });
  signal('web', 'ContainerCreated', { labels: { 'portolan.host': 'localhost, shop.test' } });
  expect(told()).toEqual([web]);
});

test('what ends, what is unhealthy, and what has no port is awaited nowhere', async () => {
  const { signal, told, observed } = follow();
  observed(exited(running('web')));
  for (const type of ['ContainerKilled', 'ContainerDied', 'ContainerStopped', 'ContainerPaused'] as const)
    signal('web', type);
  signal('web', 'ContainerHealthChanged', { claimed: { health: 'unhealthy' } });
  observed(running('db', { spec: { exposed: [] } }));
  await signal('db', 'ContainerStarted').inspected();
  expect(told()).toEqual([]);
  signal('web', 'ContainerHealthChanged', { claimed: { health: 'healthy' } });
  expect(told()).toEqual([web]);
});

test('an inspection that is not answered is not waited for for ever', () => {
  vi.useFakeTimers();
  const { signal, told, observed } = follow();
  observed(created('web'));
  signal('web', 'ContainerStarted');
  expect(told()).toEqual([web]);
  vi.advanceTimersByTime(4_999);
  expect(told()).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told()).toEqual([[]]);
});

test('an inspection that is over after it was given up ends no later one', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { signal, told, observed } = follow();
  observed(created('web'));
  const late = signal('web', 'ContainerNetworkConnected', network);
  vi.advanceTimersByTime(5_000);
  const start = signal('web', 'ContainerStarted');
  expect(told()).toEqual([web, [], web]);
  await late.inspected();
  expect(told()).toEqual([]);
  await start.failed();
  expect(told()).toEqual([[]]);
});
