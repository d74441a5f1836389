/** Labels on a route's traffic: read, refused with what is allowed, recorded with the route, and decided again. */
import { expect, test } from 'vitest';
import { copyState } from '../../src/routing/freeze.ts';
import { parseLabels } from '../../src/routing/labels.ts';
import { createScenario, running, typesOf } from './scenario.ts';

const service = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };
const replica = (name: string, labels: Record<string, string> = {}) =>
  running(name, { spec: { labels: { ...service, ...labels } } });

test('what they say is recorded with the route and its targets, and outlives a snapshot', () => {
  const s = createScenario();
  const labels = {
    'portolan.balance': 'least-connections',
    'portolan.sticky': 'true',
    'portolan.weight': '3',
    'portolan.health.path': '/healthz',
    'portolan.health.interval': '5s',
  };
  const [, opened] = s.observed(replica('web-1', labels));
  const traffic = {
    balance: 'least-connections',
    sticky: true,
    health: { path: '/healthz', interval: 5_000, timeout: 2_000, threshold: 3 },
  };
  expect(opened).toMatchObject({ type: 'RouteOpened', data: { traffic, targets: [{ weight: 3 }] } });
  const routes = [...copyState(s.state).routes.values()];
  expect(routes.map((route) => [route.traffic, route.targets[0]?.weight])).toEqual(
    routes.map(() => [traffic, 3]),
  );
});

test('without them nothing is recorded', () => {
  const s = createScenario();
  const [, opened] = s.observed(replica('web-1'));
  expect(opened!.data).not.toHaveProperty('traffic');
  expect((opened!.data as { targets: object[] }).targets[0]).not.toHaveProperty('weight');
});

test('of replicas that do not agree the first by name is heard; when it leaves, the route changes', () => {
  const s = createScenario();
  s.observed(replica('web-2', { 'portolan.balance': 'client-ip' }));
  const events = s.observed(replica('web-1', { 'portolan.balance': 'least-connections' }));
  const shared = events.find(
    ({ type, data }) =>
      type === 'RouteChanged' && 'match' in data && data.match?.host === 'web.shop.docker.localhost',
  );
  expect(shared).toMatchObject({ data: { traffic: { balance: 'least-connections' } } });
  const after = s.lost('web-1');
  expect(typesOf(after)).toContain('RouteChanged');
  expect(after.find(({ type }) => type === 'RouteChanged')).toMatchObject({
    data: { traffic: { balance: 'client-ip' } },
  });
});

test.each([
  ['portolan.balance', 'random', 'round-robin, least-connections, client-ip is allowed'],
  ['portolan.weight', '0', 'a whole number from 1 to 1000 is allowed'],
  ['portolan.weight', 'heavy', 'a whole number from 1 to 1000 is allowed'],
  ['portolan.sticky', 'maybe', 'true or false is allowed'],
  ['portolan.health.path', 'healthz', 'a path that starts with / is allowed'],
  ['portolan.health.interval', '1', 'a time from 500ms to 3600s, such as 10s, is allowed'],
  ['portolan.health.timeout', '1h', 'a time from 50ms to 60s, such as 10s, is allowed'],
  ['portolan.health.threshold', '-1', 'a whole number from 1 to 100 is allowed'],
])('%s: "%s" is refused with what is allowed', (key, value, allowed) => {
  expect(parseLabels({ [key]: value }).errors).toEqual([`label ${key} is "${value}"; ${allowed}`]);
});

test('a name that is not known is reported with the nearest, and one that does nothing as such', () => {
  expect(parseLabels({ 'portolan.wieght': '2' }).warnings).toEqual([
    'label portolan.wieght is not known; did you mean portolan.weight?',
  ]);
  expect(parseLabels({ 'portolan.health.interval': '5s' }).warnings).toEqual([
    'label portolan.health.interval does nothing without portolan.health.path',
  ]);
});
