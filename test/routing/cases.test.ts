/** The cases of docs/events.md, by their numbers. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { NewEvent } from '../../src/events/event.ts';
import { signalKey } from '../../src/events/keys.ts';
import { setAside } from '../../src/routing/evolve.ts';
import { copyState } from '../../src/routing/freeze.ts';
import { routeIdOf, type Site } from '../../src/routing/route.ts';
import { createScenario, engineA, engineB, exited, idOf, running, typesOf } from './scenario.ts';

const host = 'web.docker.localhost';
const shop = { spec: { labels: { 'portolan.host': 'shop.test' } } };
const replica = (name: string) =>
  running(name, {
    spec: { labels: { 'com.docker.compose.project': 'blog', 'com.docker.compose.service': 'app' } },
  });
const addressOf = (container: { networks: readonly { address: string }[] }) =>
  `${container.networks[0]!.address}:80`;
const refusalsOf = (events: readonly NewEvent[]) =>
  events.flatMap((event) => (event.type === 'RouteRefused' ? [event.data] : []));

const cases: Record<number, () => void> = {
  1: () => {
    const s = createScenario();
    const web = running('web');
    expect(typesOf(s.observed(web))).toEqual(['ContainerObserved', 'RouteOpened']);
    expect(s.request(host)).toEqual([addressOf(web)]);
  },
  2: () => {
    const s = createScenario();
    const web = running('web');
    s.observed(web);
    expect(s.observed(structuredClone(web))).toEqual([]);
  },
  3: () => {
    const s = createScenario();
    const web = running('web');
    s.observed(web);
    expect(typesOf(s.observed(exited(web, 3)))).toEqual(['ContainerObserved', 'RouteClosed stopped']);
    expect(s.request(host)).toEqual([
      'down: web.docker.localhost has had no upstream since 2026-01-01 14:00:00 UTC, when container web (nginx:1.27) exited with code 3.',
    ]);
  },
  4: () => {
    const s = createScenario();
    const web = running('web');
    const opened = s.observed(web)[1]!;
    s.observed(exited(web));
    const again = s.observed({ ...web, startedAt: '2026-01-01T02:00:00Z' });
    expect(typesOf(again)).toEqual(['ContainerObserved', 'RouteOpened']);
    expect(again[1]!.streamId).toBe(opened.streamId);
    expect(opened.streamId).toBe(`route:${routeIdOf(engineA, 'web', `${host}/` as Site)}`);
  },
  5: () => {
    const s = createScenario();
    const web = running('web');
    s.observed(web);
    const signal = (type: 'ContainerDied' | 'ContainerStarted', timeNano: bigint) =>
      s.input({
        kind: 'signal',
        engine: engineA,
        type,
        timeNano,
        source: 'container',
        action: type,
        container: idOf('web'),
        claimed: type === 'ContainerDied' ? { exitCode: '1' } : {},
        attributeDigest: '',
      });
    expect(typesOf([...signal('ContainerDied', 1n), ...signal('ContainerStarted', 2n)])).toEqual([
      'ContainerDied',
      'ContainerStarted',
    ]);
    const restarted = s.observed({ ...web, startedAt: '2026-01-01T03:00:00Z', restartCount: 1 });
    expect(typesOf(restarted)).toEqual(['ContainerObserved', 'RouteChanged']);
    expect(restarted[1]).toMatchObject({ data: { targets: [{ startedAt: '2026-01-01T03:00:00Z' }] } });
  },
  6: () => {
    const s = createScenario();
    const web = running('web');
    s.observed(web);
    const renamed = s.observed({ ...web, name: 'shop' });
    expect(typesOf(renamed)).toEqual(['ContainerObserved', 'RouteClosed renamed', 'RouteOpened']);
    expect(s.request('shop.docker.localhost')).toEqual([addressOf(web)]);
    expect(s.request(host)[0]).toContain('when container web (nginx:1.27) was renamed to shop');
  },
  7: () => {
    const s = createScenario();
    const web = running('web');
    s.observed(web);
    const networks = [
      { name: 'back', address: '172.20.0.9', address6: '', gateway: '172.20.0.1', gateway6: '' },
    ];
    expect(typesOf(s.observed({ ...web, networks }))).toEqual(['ContainerObserved', 'RouteChanged']);
    expect(s.request(host)).toEqual(['172.20.0.9:80']);
  },
  8: () => {
    const s = createScenario();
    const web = running('web');
    s.observed(web);
    expect(typesOf(s.observed({ ...web, networks: [] }))).toEqual([
      'ContainerObserved',
      'RouteClosed unreachable',
      'RouteRefused no-reachable-network',
    ]);
    expect(typesOf(s.observed(web))).toEqual(['ContainerObserved', 'RouteOpened']);
    expect(s.state.refusals.size).toBe(0);
  },
  9: () => {
    const s = createScenario();
    const web = running('web');
    s.observed(web);
    expect(typesOf(s.observed({ ...web, status: 'paused' }))).toEqual([
      'ContainerObserved',
      'RouteClosed paused',
    ]);
    expect(typesOf(s.observed(web))).toEqual(['ContainerObserved', 'RouteOpened']);
  },
  10: () => {
    const s = createScenario();
    s.observed(running('web'));
    expect(typesOf(s.lost('web'))).toEqual(['ContainerLost destroyed', 'RouteClosed removed']);
    expect(s.request(host)[0]).toMatch(/^down: .* when container web \(nginx:1\.27\) was removed\.$/);
  },
  11: () => {
    const { s, a } = contested();
    expect(s.request('shop.test')).toEqual([addressOf(a)]);
    expect(refusalsOf(s.log)).toMatchObject([
      { name: 'b', reason: 'host-claimed', holder: 'a', match: { host: 'shop.test', path: '/' } },
    ]);
  },
  12: () => {
    const { s, a } = contested();
    s.observed(exited(a));
    expect(s.pass(9_999)).toEqual([]);
    expect(s.request('shop.test')[0]).toMatch(/^down:/);
  },
  13: () => {
    const { s, a, b } = contested();
    s.observed(exited(a));
    const taken = s.pass(10_000);
    expect(typesOf(taken)).toEqual(['RouteOpened']);
    expect(taken[0]!.causationId).toBe(
      s.state.containers.get(`${engineA}/${idOf('a')}` as never)!.observedBy,
    );
    expect(s.request('shop.test')).toEqual([addressOf(b)]);
    expect(s.state.refusals.size).toBe(0);
  },
  14: () => {
    const { s, b } = contested();
    expect(typesOf(s.lost('a'))).toContain('RouteOpened');
    expect(s.request('shop.test')).toEqual([addressOf(b)]);
  },
  15: () => {
    const { s, a, b } = contested();
    s.observed(exited(a));
    s.pass(10_000);
    expect(refusalsOf(s.observed({ ...a, startedAt: '2026-01-01T05:00:00Z' }))).toMatchObject([
      { name: 'a', reason: 'host-claimed', holder: 'b' },
    ]);
    expect(s.request('shop.test')).toEqual([addressOf(b)]);
  },
  16: () => {
    const s = createScenario();
    const [one, two] = [replica('blog-app-1'), replica('blog-app-2')];
    s.observed(one);
    s.observed(two);
    expect(s.request('app.blog.docker.localhost')).toEqual([addressOf(one), addressOf(two)]);
    expect(s.request('blog-app-2.docker.localhost')).toEqual([addressOf(two)]);
    expect(refusalsOf(s.log)).toEqual([]);
  },
  17: () => {
    const s = createScenario();
    const [one, two] = [replica('blog-app-1'), replica('blog-app-2')];
    s.observed(one);
    s.observed(two);
    expect(typesOf(s.observed(exited(one)))).toEqual([
      'ContainerObserved',
      'RouteClosed stopped',
      'RouteChanged',
    ]);
    expect(s.request('app.blog.docker.localhost')).toEqual([addressOf(two)]);
  },
  18: () => {
    const s = createScenario();
    expect(typesOf(s.observed(running('db', { spec: { exposed: [] } })))).toEqual([
      'ContainerObserved',
      'RouteRefused no-port',
    ]);
    expect(s.request('db.docker.localhost')).toEqual(['unknown']);
  },
  19: () => {
    const s = createScenario();
    const db = running('db', { spec: { exposed: [] } });
    s.observed(db);
    expect(typesOf(s.observed({ ...db, restartCount: 1 }))).toEqual(['ContainerObserved']);
  },
  20: () => {
    const s = createScenario();
    const web = running('web', { health: 'starting', spec: { healthcheck: true } });
    expect(typesOf(s.observed(web))).toEqual(['ContainerObserved']);
    expect(s.request(host)).toEqual([
      'down: web.docker.localhost has no upstream yet: container web (nginx:1.27) is starting; its health check has not passed yet.',
    ]);
    expect(typesOf(s.observed({ ...web, health: 'healthy' }))).toEqual(['ContainerObserved', 'RouteOpened']);
  },
  21: () => {
    const s = createScenario();
    const web = running('web', { health: 'healthy', spec: { healthcheck: true } });
    s.observed(web);
    expect(typesOf(s.observed({ ...web, health: 'unhealthy' }))).toEqual([
      'ContainerObserved',
      'RouteClosed unhealthy',
    ]);
  },
  22: () => {
    const s = createScenario();
    const web = running('web');
    s.observed(web);
    const disabled = { ...web, spec: { ...web.spec, labels: { 'portolan.enable': 'false' } } };
    expect(typesOf(s.observed(disabled))).toEqual([
      'ContainerObserved',
      'RouteClosed disabled',
      'RouteRefused disabled',
    ]);
  },
  23: () => {
    const s = createScenario();
    const events = s.observed(running('web', { spec: { labels: { 'portolan.port': 'eighty' } } }));
    expect(refusalsOf(events)).toMatchObject([
      {
        reason: 'invalid-label',
        detail: 'label portolan.port is "eighty"; a TCP port from 1 to 65535 is allowed',
      },
    ]);
  },
  24: () => {
    const s = createScenario();
    const portOf = (name: string, exposed: number[], labels = {}) => {
      s.observed(running(name, { spec: { exposed, labels } }));
      return s.request(`${name}.docker.localhost`)[0]!.split(':')[1];
    };
    expect(portOf('many', [80, 443, 8080])).toBe('80');
    expect(portOf('lowest', [443, 8080])).toBe('443');
    expect(portOf('labelled', [80, 443], { 'portolan.port': '9000' })).toBe('9000');
  },
  25: () => {
    const s = createScenario();
    const container = running('happy_hopper');
    s.observed(container);
    expect(s.request('happy-hopper.docker.localhost')).toEqual([addressOf(container)]);
    expect(s.request('happy_hopper.docker.localhost')).toEqual([addressOf(container)]);
  },
  26: () => {
    const s = createScenario();
    s.observed(running('web'));
    expect(typesOf(s.setPolicy({ expose: 'labeled' }))).toEqual([
      'PolicyApplied',
      'RouteClosed policy',
      'RouteRefused not-enabled',
    ]);
    expect(typesOf(s.setPolicy({}))).toEqual(['PolicyApplied', 'RouteOpened']);
  },
  27: () => {
    const s = createScenario();
    const web = running('web');
    s.observed(web);
    const events = s.inferred(exited(web), ['2026-01-01T10:00:00Z', '2026-01-01T14:00:00Z']);
    expect(typesOf(events)).toEqual(['ContainerObserved', 'RouteClosed stopped']);
    expect(events.every((event) => event.inferred)).toBe(true);
    expect(events[0]!.data).toMatchObject({
      occurredBetween: ['2026-01-01T10:00:00Z', '2026-01-01T14:00:00Z'],
    });
  },
  28: () => {
    const s = createScenario();
    const vpn = running('vpn', { spec: { exposed: [] } });
    s.observed(vpn);
    s.observed(running('app', { networks: [], spec: { networkMode: `container:${idOf('vpn')}` } }));
    expect(s.request('app.docker.localhost')).toEqual([addressOf(vpn)]);
    expect(typesOf(s.observed(exited(vpn)))).toContain('RouteClosed unreachable');
  },
  29: () => {
    const s = createScenario();
    s.observed(running('bare', { networks: [], spec: { networkMode: 'host' } }));
    s.observed(
      running('named', { networks: [], spec: { networkMode: 'host', labels: { 'portolan.port': '3000' } } }),
    );
    expect(refusalsOf(s.log)).toMatchObject([{ name: 'bare', reason: 'no-reachable-network' }]);
    expect(s.request('named.docker.localhost')).toEqual(['127.0.0.1:3000']);
    const own = running('own', {
      networks: [],
      spec: { networkMode: 'host', labels: { 'portolan.port': '8080' } },
    });
    expect(refusalsOf(s.observed(own))).toMatchObject([{ name: 'own', reason: 'no-reachable-network' }]);
  },
  30: () => {
    const s = createScenario();
    const web = running('web', { spec: { labels: { 'portolan.host': 'localhost' } } });
    expect(refusalsOf(s.observed(web))).toMatchObject([
      { reason: 'host-reserved', match: { host: 'localhost' } },
    ]);
    expect(s.request('localhost')).toEqual(['unknown']);
    expect(s.request(host)).toEqual([addressOf(web)]);
    expect(refusalsOf(s.observed({ ...web, restartCount: 1 }))).toEqual([]);
  },
  31: () => {
    const { s, api, web } = shared();
    expect(s.request('shop.test', '/api/items?x=1')).toEqual([addressOf(api)]);
    expect(s.request('shop.test', '/api')).toEqual([addressOf(api)]);
    expect(s.request('shop.test', '/apiary')).toEqual([addressOf(web)]);
    expect(s.request('shop.test', '/%61pi/items')).toEqual([addressOf(api)]);
    expect(s.request('SHOP.test.:80', '/')).toEqual([addressOf(web)]);
  },
  32: () => {
    const { s, api, web } = shared();
    s.observed(exited(api));
    expect(s.request('shop.test', '/api')[0]).toMatch(/^down: shop\.test\/api has had no upstream/);
    expect(s.request('shop.test', '/')).toEqual([addressOf(web)]);
    s.lost('api');
    expect(s.request('shop.test', '/api')).toEqual([addressOf(web)]);
  },
  33: () => {
    const s = createScenario({ reach: { kind: 'published', host: '127.0.0.1' } });
    const web = running('web', { published: [{ port: 80, hostAddress: '0.0.0.0', hostPort: 32768 }] });
    s.observed(web);
    expect(s.request(host)).toEqual(['127.0.0.1:32768']);
    expect(typesOf(s.observed({ ...web, published: [] }))).toEqual([
      'ContainerObserved',
      'RouteClosed unreachable',
      'RouteRefused port-not-published',
    ]);
  },
  34: () => {
    const s = createScenario();
    const networks = [{ name: 'six', address: '', address6: 'fd00::5', gateway: '', gateway6: 'fd00::1' }];
    s.observed(running('web', { networks }));
    expect(s.request(host)).toEqual(['fd00::5:80']);
  },
  35: () => {
    const s = createScenario({ ownContainer: idOf('portolan') });
    expect(typesOf(s.observed(running('portolan')))).toEqual([
      'ContainerObserved',
      'RouteRefused own-container',
    ]);
  },
  36: () => {
    const s = createScenario();
    const web = running('web');
    s.observed(web);
    const stream = `container:${engineA}/${web.container}`;
    setAside(s.state, (s.state.position + 1) as never, s.state.recordedAt, stream);
    expect(typesOf(start(s))).toEqual(['PortolanStarted', 'RouteClosed unreadable']);
    expect(typesOf(s.observed(web))).toEqual(['ContainerObserved', 'RouteOpened']);
  },
  37: () => {
    const s = createScenario();
    const web = running('web');
    s.observed(web);
    s.input({
      kind: 'signal',
      engine: engineA,
      type: 'ContainerDied',
      timeNano: 5n,
      source: 'container',
      action: 'die',
      container: web.container,
      claimed: { exitCode: '0' },
      attributeDigest: '',
    });
    s.observed(exited(web, 137));
    expect(s.log.find((event) => event.type === 'ContainerDied')?.data).toMatchObject({
      claimed: { exitCode: '0' },
    });
    expect(s.request(host)[0]).toContain('exited with code 137');
  },
  38: () => {
    const s = createScenario();
    s.observed(running('web'));
    expect(typesOf(s.lost('web', engineA, 'engine-replaced'))).toEqual([
      'ContainerLost engine-replaced',
      'RouteClosed engine-replaced',
    ]);
    s.observed(running('web'), engineB);
    expect(s.request(host)).toHaveLength(1);
  },
  39: () => {
    const key = (nano: bigint) => signalKey(engineA, nano, 'container', 'start', idOf('web'), 'digest');
    expect(key(1763900000123456789n)).toBe(key(1763900000123456789n));
    expect(key(1763900000123456789n)).not.toBe(key(1763900000123456790n));
  },
  40: () => {
    const s = createScenario();
    const web = running('web');
    s.observed(web);
    const ids = [1, 2]
      .flatMap(() => [...s.observed({ ...web, status: 'paused' }), ...s.observed(web)])
      .filter((event) => event.type === 'ContainerObserved')
      .map((event) => event.id);
    expect(new Set(ids).size).toBe(4);
  },
  41: () => {
    const { s, again } = replaced();
    expect(typesOf(s.inferred(again, absence))).toEqual(['ContainerObserved', 'RouteChanged']);
    expect(s.request(host)).toEqual([addressOf(again)]);
    expect(typesOf(s.lost('web'))).toEqual(['ContainerLost destroyed']);
    expect(s.request(host)).toEqual([addressOf(again)]);
  },
  42: () => {
    const { s, again } = replaced(shop);
    expect(refusalsOf(s.observed(running('b', shop)))).toMatchObject([{ reason: 'host-claimed' }]);
    expect(refusalsOf(s.inferred(again, absence))).toEqual([]);
    expect(typesOf(s.lost('web'))).toEqual(['ContainerLost destroyed']);
    expect(s.request('shop.test')).toEqual([addressOf(again)]);
  },
  43: () => {
    const { s, again } = replaced();
    const starting = { ...again, health: 'starting' as const };
    expect(typesOf(s.inferred(starting, absence))).toEqual(['ContainerObserved']);
    expect(typesOf(s.lost('web'))).toEqual(['ContainerLost destroyed', 'RouteClosed removed']);
    expect(typesOf(s.observed({ ...again, health: 'healthy' }))).toEqual([
      'ContainerObserved',
      'RouteOpened',
    ]);
  },
  44: () => {
    const s = createScenario();
    s.observed(running('vpn'));
    s.observed(running('app', { networks: [], spec: { networkMode: `container:${idOf('vpn')}` } }));
    const events = s.lost('vpn');
    expect(typesOf(events)).toEqual([
      'ContainerLost destroyed',
      'RouteClosed removed',
      'RouteClosed unreachable',
      'RouteRefused no-reachable-network',
    ]);
    expect(refusalsOf(events)).toMatchObject([{ name: 'app' }]);
    expect(events.slice(1).every((event) => event.causationId === events[0]!.id)).toBe(true);
    expect(typesOf(s.observed(running('web')))).toEqual(['ContainerObserved', 'RouteOpened']);
  },
  45: () => {
    const s = createScenario();
    const web = { ...exited(running('web')), status: 'created', startedAt: null, finishedAt: null } as const;
    expect(typesOf(s.observed(web))).toEqual(['ContainerObserved']);
    expect(s.request('web.docker.localhost')).toMatchObject([
      expect.stringMatching(/^down: .* not started\.$/),
    ]);
    expect(typesOf(s.lost('web'))).toEqual(['ContainerLost destroyed']);
    expect(s.request('web.docker.localhost')).toEqual(['unknown']);
    expect([...s.state.sites]).toEqual([...copyState(s.state).sites]);
    // Whoever was routed is remembered.
    s.observed(running('web'));
    s.lost('web');
    expect(s.request('web.docker.localhost')).toMatchObject([
      expect.stringMatching(/^down: .* was removed\.$/),
    ]);
  },
};

describe('events.md, case', () => {
  const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');
  const numbered = [...page.matchAll(/^\| (\d+) \| (.*) \|$/gm)];
  test('every one of the page has a test, and every test stands on the page', () => {
    expect(numbered.map(([, number]) => Number(number))).toEqual(Object.keys(cases).map(Number));
  });
  for (const [, number, text] of numbered) test(`${number}: ${text}`, cases[Number(number)]);
});

function contested() {
  const s = createScenario();
  const [a, b] = [running('a', shop), running('b', shop)];
  s.observed(a);
  s.observed(b);
  return { s, a, b };
}

const absence: [string, string] = ['2026-01-01T13:00:00Z', '2026-01-01T14:00:00Z'];

/** `web` is routed, and has been replaced by another container of its name and address. */
function replaced(changes: object = {}) {
  const s = createScenario();
  const web = running('web', changes);
  s.observed(web);
  return { s, web, again: { ...web, container: idOf('web again') } };
}

function shared() {
  const s = createScenario();
  const api = running('api', { spec: { labels: { 'portolan.host': 'shop.test', 'portolan.path': '/api' } } });
  const web = running('web', shop);
  s.observed(api);
  s.observed(web);
  return { s, api, web };
}

function start(s: ReturnType<typeof createScenario>): NewEvent[] {
  return s.input({
    kind: 'note',
    note: {
      type: 'PortolanStarted',
      data: { version: '0', bootId: 'boot', lastAlive: null },
      id: 'started' as never,
      streamId: 'portolan' as never,
      engineId: null,
      occurredAt: 0n,
      actor: { kind: 'portolan', name: 'portolan' },
    },
  });
}
