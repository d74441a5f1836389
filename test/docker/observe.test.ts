/** Inspect answers as observations: recorded ones, and odd ones. */
import { expect, it } from 'vitest';
import { observationOf, readInspected, tcpPorts } from '../../src/docker/observe.ts';
import { containerObservedSchema } from '../../src/events/observations.ts';
import { conceal } from './support.ts';
import { readTrace, traceNames } from './traces.ts';

const observe = (answer: unknown, how: typeof conceal) =>
  observationOf(readInspected(answer), how, () => 'bridge');
const observed = (name: string) =>
  readTrace(name).inspections.flatMap(({ status, body }) => (status === 200 ? [observe(body, conceal)] : []));
const states = (name: string) => [...new Set(observed(name).map(({ status }) => status))];

it.each(traceNames)('every inspection of the recorded %s is fit for the log', (name) => {
  for (const observation of observed(name)) containerObservedSchema.parse(observation);
});

it.each(traceNames)('the spec of each container of the recorded %s is the same in every state', (name) => {
  const specs = new Map<string, Set<string>>();
  for (const { container, spec } of observed(name)) {
    specs.set(container, (specs.get(container) ?? new Set()).add(JSON.stringify(spec)));
  }
  for (const versions of specs.values()) expect(versions.size).toBe(1);
});

it('follows the recorded states', () => {
  expect(states('stop')).toEqual(['created', 'running', 'exited', 'removing']);
  expect(states('rm')).toEqual(['created', 'running', 'removing']);
  expect(states('restart-always')).toEqual(['created', 'running', 'restarting']);
  expect(states('pause')).toEqual(['created', 'running', 'paused']);
  expect([...new Set(observed('health').map(({ health }) => health))]).toEqual([
    'none',
    'starting',
    'healthy',
    'unhealthy',
  ]);
});

it('knows which containers the engine removes by itself', () => {
  expect(observed('rm').map(({ spec }) => spec.autoRemove)).toEqual([true, true, true, true, true]);
  expect(observed('stop')[0]!.spec).not.toHaveProperty('autoRemove');
});

it('shows the truth behind forged attributes', () => {
  expect(observed('forged-exit-code').at(-1)).toMatchObject({ name: 'trace-web', exitCode: 9 });
});

it('shows that memory ran out', () => {
  expect(observed('out-of-memory').at(-1)).toMatchObject({
    status: 'exited',
    exitCode: 137,
    oomKilled: true,
  });
});

it('follows networks', () => {
  const names = observed('network').map(({ networks }) => networks.map(({ name }) => name).join());
  expect([...new Set(names)]).toEqual(['bridge', 'bridge,trace-net', 'trace-net', '']);
});

it('takes TCP ports only, exposed and published', () => {
  const running = observed('published').at(-1)!;
  expect(running.spec.exposed).toEqual([80, 81]);
  expect(running.published.filter(({ port }) => port === 80)).toMatchObject([{ hostAddress: '127.0.0.1' }]);
  expect(running.published.every(({ hostPort }) => hostPort > 0)).toBe(true);
  expect(tcpPorts(['443', '80/tcp', '53/udp', '80/TCP', '0/tcp', '70000/tcp', 'x/tcp'])).toEqual([80, 443]);
});

const body = (fields: {
  State?: object;
  Config?: object;
  HostConfig?: object;
  NetworkSettings?: object;
}) => ({
  Id: 'ab'.repeat(32),
  Name: '/web',
  Created: '2026-01-01T00:00:00Z',
  Image: 'sha256:1',
  ...fields,
  State: {
    Status: 'running',
    StartedAt: '2026-01-01T00:00:01.5Z',
    FinishedAt: '0001-01-01T00:00:00Z',
    ...fields.State,
  },
  Config: { Image: 'nginx', Labels: null, Env: null, ...fields.Config },
  HostConfig: { NetworkMode: '', ...fields.HostConfig },
  NetworkSettings: { Networks: null, Ports: null, ...fields.NetworkSettings },
});

it('reads an answer in which all that may be null is null', () => {
  const observation = observe(body({}), conceal);
  expect(containerObservedSchema.parse(observation)).toMatchObject({
    startedAt: '2026-01-01T00:00:01.5Z',
    finishedAt: null,
    health: 'none',
    networks: [],
    published: [],
    spec: {
      networkMode: 'default',
      restartPolicy: 'no',
      stopSignal: 'SIGTERM',
      healthcheck: false,
      exposed: [],
    },
  });
});

it.each([
  [{ Healthcheck: { Test: ['NONE'] } }, { healthcheck: false }],
  [{ Healthcheck: { Test: ['CMD', 'true'] } }, { healthcheck: true }],
  [{ StopSignal: '3' }, { stopSignal: 'SIGQUIT' }],
  [{ StopSignal: 'winch' }, { stopSignal: 'SIGWINCH' }],
  [{ StopSignal: 'SIGINT' }, { stopSignal: 'SIGINT' }],
])('reads %j', (Config, expected) => {
  expect(observe(body({ Config }), conceal).spec).toMatchObject(expected);
});

it('exposes what is bound, also where only the binding says so', () => {
  const { spec } = observe(
    body({ HostConfig: { PortBindings: { '8080/tcp': null } }, Config: { ExposedPorts: { '53/udp': {} } } }),
    conceal,
  );
  expect(spec.exposed).toEqual([8080]);
});

it('takes IPv6 addresses', () => {
  const Networks = {
    net: { IPAddress: '', GlobalIPv6Address: 'fd00::2', Gateway: '', IPv6Gateway: 'fd00::1' },
  };
  expect(observe(body({ NetworkSettings: { Networks } }), conceal).networks).toEqual([
    { name: 'net', address: '', address6: 'fd00::2', gateway: '', gateway6: 'fd00::1' },
  ]);
});

it('holds a state that it does not know for dead', () => {
  expect(observe(body({ State: { Status: 'hibernating' } }), conceal).status).toBe('dead');
});

it('keeps no env value and no foreign label', () => {
  const text = JSON.stringify(
    observe(
      body({
        Config: {
          Env: ['A=c4n4ry', 'VIRTUAL_TOKEN=c4n4ry'],
          Labels: { x: 'c4n4ry', 'traefik.a.password': 'c4n4ry' },
        },
      }),
      conceal,
    ),
  );
  expect(text).not.toContain('c4n4ry');
});

it.each([[null], ['text'], [{}], [{ ...body({}), Id: 'short' }]])(
  'refuses what is no inspection: %j',
  (answer) => {
    expect(() => observe(answer, conceal)).toThrow();
  },
);
