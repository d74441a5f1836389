/** What is routed of a Swarm: its services by their names, and only where this machine can reach their tasks. */
import { expect, test } from 'vitest';
import type { ContainerObservation } from '../../src/events/observations.ts';
import { createScenario, exited, running, typesOf } from './scenario.ts';

const task = (name: string, labels: Readonly<Record<string, string>> = {}): ContainerObservation =>
  running(name, { spec: { labels: { 'com.docker.swarm.service.name': name.split('.')[0]!, ...labels } } });
const at = (container: ContainerObservation): string => `${container.networks[0]!.address}:80`;
const attachment = { address6: '', gateway: '', gateway6: '' };
const overlay = { ...attachment, name: 'shopnet', address: '10.0.1.3', driver: 'overlay' };

test('the tasks of a service share its name, however often they are replaced', () => {
  const s = createScenario();
  const first = task('web.1.t0rwfoi1alep8yq9hovpsoquk');
  const second = task('web.2.l35cpedvpz0fquy2qsun4361l');
  s.observed(first);
  s.observed(second);
  expect(s.request('web.docker.localhost').sort()).toEqual([at(first), at(second)].sort());
  s.observed(exited(first));
  const third = task('web.1.x83kd2o0fh2lq9a7vbdu3mw4r');
  expect(typesOf(s.observed(third))).toContain('RouteChanged');
  expect(s.request('web.docker.localhost').sort()).toEqual([at(second), at(third)].sort());
  expect(s.request('web-1-x83kd2o0fh2lq9a7vbdu3mw4r.docker.localhost')).toEqual([at(third)]);
});

test('a service of a stack answers as one of a compose project does, and by its whole name', () => {
  const s = createScenario();
  const web = task('shop_web.1.t0rwfoi1alep8yq9hovpsoquk', { 'com.docker.stack.namespace': 'shop' });
  s.observed(web);
  for (const host of ['web.shop', 'shop-web', 'shop_web'])
    expect(s.request(`${host}.docker.localhost`)).toEqual([at(web)]);
});

test('a stack and a compose project of one name are two owners: who came first is served', () => {
  const s = createScenario();
  const compose = running('shop-web-1', {
    spec: { labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' } },
  });
  s.observed(compose);
  const refused = s.observed(task('shop_web.1.t0rw', { 'com.docker.stack.namespace': 'shop' }));
  expect(typesOf(refused)).toContain('RouteRefused host-claimed');
  expect(s.request('web.shop.docker.localhost')).toEqual([at(compose)]);
});

test('the address on an overlay, which other machines may have, is never a target for a Portolan on the host', () => {
  const s = createScenario();
  const labels = { 'com.docker.swarm.service.name': 'api', 'portolan.network': 'shopnet' };
  for (const spec of [{}, { labels }]) {
    const events = s.observed(running('api', { networks: [overlay], spec }));
    expect(events.flatMap((event) => (event.type === 'RouteOpened' ? [event.data] : []))).toEqual([]);
  }
  const [refused] = s.log.flatMap((event) => (event.type === 'RouteRefused' ? [event.data] : []));
  expect(refused).toMatchObject({
    reason: 'no-reachable-network',
    detail: expect.stringContaining('shopnet, overlay'),
  });
  // A bridge beside it is taken.
  const bridge = { ...attachment, name: 'zone', address: '172.18.0.9' };
  s.observed(running('api', { networks: [overlay, bridge] }));
  expect(s.request('api.docker.localhost')).toEqual(['172.18.0.9:80']);
});

test('a Portolan in a container reaches what is on an overlay that it shares', () => {
  const s = createScenario({ reach: { kind: 'shared', networks: ['shopnet'] } });
  s.observed(running('api', { networks: [overlay] }));
  expect(s.request('api.docker.localhost')).toEqual(['10.0.1.3:80']);
});

test('a network of another driver is taken where its name is given by label: whoever does so has seen to a route', () => {
  const s = createScenario();
  const lan = {
    ...attachment,
    name: 'lan',
    address: '192.168.1.40',
    gateway: '192.168.1.1',
    driver: 'macvlan',
  };
  s.observed(running('plain', { networks: [lan] }));
  expect(s.request('plain.docker.localhost')[0]).toContain('down:');
  s.observed(running('named', { networks: [lan], spec: { labels: { 'portolan.network': 'lan' } } }));
  expect(s.request('named.docker.localhost')).toEqual(['192.168.1.40:80']);
});
