/** The choice of a target: by turn, weight, load, client and cookie; and what each does when targets come and go. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Target, Traffic } from '../../src/events/decisions.ts';
import type { Host, RouteId } from '../../src/events/ids.ts';
import { byClient, byLoad, byWeight, createBalancer, type Visit } from '../../src/proxy/balance.ts';
import { bindingCookie, boundTarget } from '../../src/proxy/sticky.ts';
import { type HostEntry, type TableRoute, targetKey } from '../../src/routing/table.ts';
import { targetOf } from './in-process.ts';

const target = (name: string, weight?: number): Target => ({
  ...targetOf({ port: 80, address: '10.0.0.1' }, name),
  ...(weight === undefined ? {} : { weight }),
});
const [a, b, c] = [target('a'), target('b'), target('c')];
const names = (targets: readonly Target[]): string => targets.map(({ name }) => name).join('');
const routeOf = (targets: readonly Target[], traffic: Partial<Traffic> = {}): TableRoute => ({
  id: '0123456789abcdef' as RouteId,
  path: '/',
  targets,
  sentence: '',
  traffic: { balance: 'round-robin', sticky: false, health: null, ...traffic },
});
const visitor = (client = '10.1.1.1', cookie?: string): Visit => ({
  client: () => client,
  cookie: () => cookie,
});
const balancer = (load: (key: string) => number = () => 0, down: readonly Target[] = []) =>
  createBalancer({ load, inOrder: (targets) => targets.filter((one) => !down.includes(one)) });

describe('of routes that come and go', () => {
  const weighted = [target('a', 2), target('b', 1)];
  /** Ten thousand, each with a host and an owner of its own. */
  const entries = Array.from({ length: 10_000 }, (_, n): HostEntry => {
    const id = n.toString(16).padStart(16, '0') as RouteId;
    const route = { ...routeOf(n % 2 === 0 ? [a, b] : weighted), id };
    return { host: `branch-${n}.test` as Host, routes: [route], sentence: '' };
  });

  test('nothing is remembered once they have gone', () => {
    const { order, changed } = balancer();
    const first = (entry: HostEntry): string => names(order(entry.routes[0]!, visitor()));
    for (const entry of entries) {
      changed(undefined, entry);
      expect([first(entry), first(entry)]).toEqual(['ab', 'ba']);
      changed(entry, { ...entry, routes: [] });
    }
    // What was remembered would go on with the third turn.
    for (const entry of entries) expect([first(entry), first(entry)]).toEqual(['ab', 'ba']);
  });

  test('one that stays goes on where it was when another of its host goes, and when its targets change', () => {
    const { order, changed } = balancer();
    const stays = routeOf([a, b, c]);
    const goes = { ...stays, id: 'fedcba9876543210' as RouteId, path: '/api' };
    const before = { host: 'shop.test' as Host, routes: [goes, stays], sentence: '' };
    expect(names(order(stays, visitor()))).toBe('abc');
    changed(before, { ...before, routes: [{ ...stays, targets: [a, b] }] });
    expect(names(order(stays, visitor()))).toBe('bca');
  });
});

describe('by turn', () => {
  test('each comes first once in a round, the others follow for another try', () => {
    const { order } = balancer();
    const route = routeOf([a, b, c]);
    expect(Array.from({ length: 4 }, () => names(order(route, visitor())))).toEqual([
      'abc',
      'bca',
      'cab',
      'abc',
    ]);
  });
  test('those out of order come last', () => {
    const { order } = balancer(() => 0, [b]);
    const route = routeOf([a, b, c]);
    expect(Array.from({ length: 3 }, () => names(order(route, visitor())))).toEqual(['acb', 'cab', 'acb']);
  });
});

describe('by weight', () => {
  test('turns are spread, not bunched', () => {
    const credit = new Map<string, number>();
    const targets = [target('a', 3), target('b', 1)];
    const firsts = Array.from({ length: 8 }, () => byWeight(targets, credit)[0]!.name).join('');
    expect(firsts).toBe('aabaaaba');
  });
  test('over a whole round each has exactly its share, whatever the weights', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const targets = weights.map((weight, at) => target(`t${at}`, weight));
        const credit = new Map<string, number>();
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const seen = new Map<string, number>();
        for (let turn = 0; turn < total; turn++) {
          const { name } = byWeight(targets, credit)[0]!;
          seen.set(name, (seen.get(name) ?? 0) + 1);
        }
        expect(weights.map((_, at) => seen.get(`t${at}`))).toEqual(weights);
      }),
    );
  });
  test('a weight counts without a label for the balance', () => {
    const { order } = balancer();
    const route = routeOf([target('a', 2), b]);
    expect(Array.from({ length: 3 }, () => order(route, visitor())[0]!.name).join('')).toBe('aba');
  });
});

describe('by load', () => {
  test('the least loaded for its weight comes first', () => {
    const loads = new Map([
      [targetKey(a), 4],
      [targetKey(b), 1],
      [targetKey(c), 2],
    ]);
    expect(names(byLoad([a, b, c], (key) => loads.get(key) ?? 0))).toBe('bca');
    expect(names(byLoad([target('a', 5), b, c], (key) => loads.get(key) ?? 0))).toBe('abc');
  });
  test('idle ones take turns', () => {
    const { order } = balancer();
    const route = routeOf([a, b], { balance: 'least-connections' });
    expect(Array.from({ length: 4 }, () => order(route, visitor())[0]!.name).join('')).toBe('abab');
  });
});

describe('by client', () => {
  const clients = Array.from({ length: 3_000 }, (_, at) => `10.${at >> 8}.0.${at & 255}`);
  test('a client stays where it is, and all have about their share', () => {
    const { order } = balancer();
    const route = routeOf([a, b, target('c', 2)], { balance: 'client-ip' });
    const counts: Record<string, number> = {};
    for (const client of clients) {
      const { name } = order(route, visitor(client))[0]!;
      expect(order(route, visitor(client))[0]!.name).toBe(name);
      counts[name] = (counts[name] ?? 0) + 1;
    }
    expect(counts['a']! / clients.length).toBeCloseTo(0.25, 1);
    expect(counts['b']! / clients.length).toBeCloseTo(0.25, 1);
    expect(counts['c']! / clients.length).toBeCloseTo(0.5, 1);
  });
  test('when one goes, only its own clients move', () => {
    for (const client of clients) {
      const before = byClient([a, b, c], client)[0]!;
      if (before !== b) expect(byClient([a, c], client)[0]).toBe(before);
    }
  });
  test('where one is out of order its clients go to the next, and come back', () => {
    const route = routeOf([a, b, c], { balance: 'client-ip' });
    const client = clients.find((one) => byClient([a, b, c], one)[0] === b)!;
    expect(balancer(() => 0, [b]).order(route, visitor(client))[0]).not.toBe(b);
    expect(balancer().order(route, visitor(client))[0]).toBe(b);
  });
});

describe('by cookie', () => {
  const route = routeOf([a, b], { sticky: true });
  const cookieOf = (one: Target): string => bindingCookie(route, one, undefined)!.split(';')[0]!;

  test('a visitor stays with the target that its cookie names', () => {
    const { order } = balancer();
    for (let turn = 0; turn < 4; turn++)
      expect(names(order(route, visitor('', `x=1; ${cookieOf(b)}; y=2`)))).toMatch(/^b/);
  });
  test('a cookie is set once, and again when the target has changed', () => {
    expect(bindingCookie(route, a, undefined)).toMatch(
      /^portolan-01234567=[0-9a-f]{16}; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    expect(bindingCookie(route, a, cookieOf(a))).toBeNull();
    expect(bindingCookie(route, b, cookieOf(a))).not.toBeNull();
    expect(bindingCookie(routeOf([a, b]), a, undefined)).toBeNull();
  });
  test('it outlives a restart of the container, and is of no use elsewhere', () => {
    const restarted = { ...a, startedAt: '2021-01-01T00:00:00Z' };
    expect(boundTarget(route, [b, restarted], cookieOf(a))).toBe(restarted);
    expect(boundTarget({ ...route, id: 'ffffffffffffffff' as RouteId }, [a, b], cookieOf(a))).toBeUndefined();
  });
  test('a cookie of nobody, or for a target out of order, is like none', () => {
    expect(boundTarget(route, [a, b], 'portolan-01234567=0; ==;')).toBeUndefined();
    expect(balancer(() => 0, [a]).order(route, visitor('', cookieOf(a)))[0]).toBe(b);
  });
});
