/** Messages of the engine's stream: recorded ones, and ones that only a hostile or odd engine sends. */
import { expect, it } from 'vitest';
import { readMessage } from '../../src/docker/signals.ts';
import { signalDataSchema } from '../../src/events/signals.ts';
import { readTrace, traceNames } from './traces.ts';

const id = 'ab'.repeat(32);
const message = (fields: object) => ({
  Type: 'container',
  Action: 'start',
  Actor: { ID: id, Attributes: { name: 'web', image: 'nginx' } },
  time: 1_795_409_475,
  timeNano: 1_795_409_475_123_456_789n,
  ...fields,
});
const actions = (name: string) =>
  readTrace(name).messages.flatMap(({ signal }) =>
    signal === null ? [] : [signal.type.replace('Container', '')],
  );

const life = ['Created', 'NetworkConnected', 'Started'];

it.each([
  [
    'stop',
    [
      ...life,
      'Killed',
      'Killed',
      'Died',
      'NetworkDisconnected',
      'Stopped',
      'NetworkConnected',
      'Started',
      'Killed',
      'Died',
      'NetworkDisconnected',
      'Destroyed',
    ],
  ],
  [
    'restart',
    [...life, 'Killed', 'Killed', 'Died', 'NetworkDisconnected', 'Stopped', 'NetworkConnected', 'Started'],
  ],
  ['rm', [...life, 'Died', 'NetworkDisconnected', 'Destroyed']],
  ['out-of-memory', [...life, 'OutOfMemory', 'Died', 'NetworkDisconnected']],
  ['pause', [...life, 'Paused', 'Unpaused']],
  ['rename', [...life, 'Renamed']],
  // This engine says each disconnection of a running container twice, with times of their own.
  [
    'network',
    [
      ...life,
      'NetworkConnected',
      'NetworkDisconnected',
      'NetworkDisconnected',
      'NetworkDisconnected',
      'NetworkDisconnected',
    ],
  ],
  ['kill-winch', [...life, 'Killed', 'Killed', 'Died', 'NetworkDisconnected']],
  ['health', [...life, 'HealthChanged', 'HealthChanged', 'HealthChanged']],
  // Podman 4 says `remove` for destroy, nothing of networks, and not each stop.
  [
    'podman',
    [
      'Created',
      'Started',
      'Died',
      'Started',
      'Renamed',
      'Paused',
      'Unpaused',
      'Stopped',
      'Died',
      'Started',
      'Killed',
      'Died',
      'Destroyed',
    ],
  ],
])('a recorded %s gives these signals and no noise', (name, expected) => {
  expect(actions(name)).toEqual(expected);
});

it.each(traceNames)('every signal of the recorded %s is fit for the log, and no two are the same', (name) => {
  const { messages } = readTrace(name);
  for (const { signal } of messages) {
    if (signal !== null) signalDataSchema.parse({ container: signal.container, claimed: signal.claimed });
  }
  expect(new Set(messages.map(({ key }) => key)).size).toBe(messages.length);
});

it('claims what the engine said: exit code, signal, former name, health, network', () => {
  const claims = (name: string, type: string) =>
    readTrace(name).messages.flatMap(({ signal }) => (signal?.type === type ? [signal.claimed] : []));
  expect(claims('rm', 'ContainerDied')).toMatchObject([{ name: 'trace-web', exitCode: '7' }]);
  expect(claims('kill-winch', 'ContainerKilled')).toMatchObject([{ signal: '28' }, { signal: '9' }]);
  expect(claims('rename', 'ContainerRenamed')).toMatchObject([{ name: 'trace-other', oldName: 'trace-web' }]);
  expect(claims('health', 'ContainerHealthChanged').map(({ health }) => health)).toEqual([
    'healthy',
    'unhealthy',
    'healthy',
  ]);
  expect(claims('network', 'ContainerNetworkConnected')).toEqual([
    { network: 'bridge' },
    { network: 'trace-net' },
  ]);
});

it('a label can forge an attribute, which is why it is a claim only', () => {
  const died = readTrace('forged-exit-code').messages.find(({ signal }) => signal?.type === 'ContainerDied');
  expect(died?.signal?.claimed.exitCode).toBe('0');
});

it('a label called timeNano does not change the time', () => {
  const { messages } = readTrace('forged-exit-code');
  for (const { timeNano } of messages) expect(timeNano > 1_700_000_000_000_000_000n).toBe(true);
});

it('network events are about the container that they name', () => {
  const read = readMessage(
    message({
      Type: 'network',
      Action: 'connect',
      Actor: { ID: 'cd'.repeat(32), Attributes: { container: id, name: 'net' } },
    }),
  );
  expect(read?.signal).toMatchObject({ container: id, kind: 'network', claimed: { network: 'net' } });
});

it.each([
  ['an exec', { Action: 'exec_create: sh -c true' }],
  ['a restart, which die and start come with', { Action: 'restart' }],
  ['an attach', { Action: 'attach' }],
  ['a property of every object', { Action: 'constructor' }],
  ['an image', { Type: 'image', Action: 'pull' }],
  ['a network without a container', { Type: 'network', Action: 'create' }],
  ['something that is no container id', { Actor: { ID: '../../etc', Attributes: {} } }],
])('%s is noise, but was seen', (_, fields) => {
  expect(readMessage(message(fields))).toMatchObject({ signal: null, timeNano: 1_795_409_475_123_456_789n });
});

it('cuts claims to 256 characters and never within a surrogate pair', () => {
  const claimed = (name: string) =>
    readMessage(message({ Actor: { ID: id, Attributes: { name } } }))?.signal?.claimed.name;
  expect(claimed('x'.repeat(1000))).toBe('x'.repeat(256));
  expect(claimed(`${'x'.repeat(255)}🐳🐳`)).toBe('x'.repeat(255));
});

it('the digest covers all attributes, in any order, and no two sets give the same', () => {
  const digest = (Attributes: Record<string, string>) =>
    readMessage(message({ Actor: { ID: id, Attributes } }))?.signal?.attributeDigest;
  expect(digest({ a: '1', b: '2' })).toBe(digest({ b: '2', a: '1' }));
  expect(digest({ a: '1', b: '2' })).not.toBe(digest({ a: '1', b: '3' }));
  expect(digest({ a: 'b1:c' })).not.toBe(digest({ a: 'b', c: '' }));
});

it('takes the seconds where an engine gives no nanoseconds', () => {
  expect(readMessage(message({ timeNano: undefined }))?.timeNano).toBe(1_795_409_475_000_000_000n);
});

it.each([
  ['null', null],
  ['a number', 7],
  ['text', 'text'],
  ['an empty object', {}],
  ['one without an actor', { Type: 'container', Action: 'start' }],
  ['one without a time', message({ time: undefined, timeNano: undefined })],
  ['one whose attributes are no text', message({ Actor: { ID: id, Attributes: { a: { b: 1 } } } })],
])('%s is no event', (_, value) => {
  expect(readMessage(value)).toBeNull();
});

it('keeps of the labels what says where a container is routed, beside what enters the log', () => {
  const routing = {
    'portolan.host': `${'a'.repeat(300)}.test`,
    'portolan.routes.secret.host': 'secret.test',
    'com.docker.compose.service': 'app',
  };
  const Attributes = {
    ...routing,
    name: 'web',
    image: 'nginx',
    'portolan.health.password': 'hunter2',
    'traefik.http.middlewares.auth.basicauth.users': 'admin:$apr1$x',
    'org.opencontainers.image.title': 'web',
    exitCode: '0',
  };
  const signal = readMessage(message({ Actor: { ID: id, Attributes } }))?.signal;
  expect(signal?.labels).toEqual(routing);
  expect(signal?.claimed).toEqual({ name: 'web', image: 'nginx', exitCode: '0' });
});

it('takes no attribute of a network for a label', () => {
  const Attributes = { container: id, name: 'bridge', 'portolan.host': 'shop.test' };
  const signal = readMessage(
    message({ Type: 'network', Action: 'connect', Actor: { ID: 'n', Attributes } }),
  )?.signal;
  expect(signal).toMatchObject({ type: 'ContainerNetworkConnected', labels: {} });
});
