/** Labels decide which replica answers, on the simulated engine. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { cleanUp, type Portolan, within } from '../support/portolan.ts';
import { createEngine, routesEqual, serveOn } from '../support/simulated.ts';

const host = 'web.shop.docker.localhost';
const service = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };

describe('with labels', () => {
  let engine: Simulator;
  let portolan: Portolan;
  beforeEach(async () => {
    engine = await createEngine();
    // One worker: turns are counted by each on its own.
    portolan = await serveOn(engine, { args: ['--workers', '1'] });
  });
  afterEach(async () => {
    await cleanUp();
    await engine.stop();
  });

  const replicas = async (...labels: Record<string, string>[]): Promise<void> => {
    for (const [at, more] of labels.entries())
      await engine.run({ name: `web-${at + 1}`, labels: { ...service, ...more } });
    await routesEqual(portolan, engine);
    await portolan.answers('web-1.docker.localhost', 200);
  };
  const ask = async (cookie = ''): Promise<{ name: string; set: readonly string[] }> => {
    const { body, headers } = await portolan.get(host, '/', cookie === '' ? {} : { Cookie: cookie });
    return { name: JSON.parse(body).name, set: headers['set-cookie'] ?? [] };
  };
  const count = async (requests: number): Promise<Record<string, number>> => {
    const seen: Record<string, number> = {};
    for (let at = 0; at < requests; at++) {
      const { name } = await ask();
      seen[name] = (seen[name] ?? 0) + 1;
    }
    return seen;
  };

  test('portolan.weight gives each its share', async () => {
    await replicas({ 'portolan.weight': '3' }, {});
    expect(await count(16)).toEqual({ 'web-1': 12, 'web-2': 4 });
  });

  test('portolan.sticky keeps a visitor where it was, also after a restart of Portolan', async () => {
    await replicas({ 'portolan.sticky': 'true' }, {});
    const first = await ask();
    const cookie = first.set[0]!.split(';')[0]!;
    for (let at = 0; at < 4; at++) expect(await ask(cookie)).toEqual({ name: first.name, set: [] });
    const { dataDir } = portolan;
    await portolan.stop();
    portolan = await serveOn(engine, { dataDir });
    expect(await ask(cookie)).toEqual({ name: first.name, set: [] });
    await engine.containers.stop(engine.containers.get(first.name));
    await routesEqual(portolan, engine);
    const moved = await ask(cookie);
    expect(moved.name).not.toBe(first.name);
    expect(moved.set).toHaveLength(1);
  });

  test('portolan.balance=client-ip sends a client to one of them, least-connections away from the busy one', async () => {
    await replicas({ 'portolan.balance': 'client-ip' }, {});
    expect(Object.values(await count(6))).toEqual([6]);
    for (const name of ['web-1', 'web-2']) await engine.containers.remove(engine.containers.get(name), true);
    await replicas({ 'portolan.balance': 'least-connections' }, {});
    const slow = portolan.get(host, '/slow?ms=3000');
    const busy = slow.then(({ body }) => JSON.parse(body).name as string);
    const seen = Object.keys(await count(6));
    expect(seen).toHaveLength(1);
    expect(seen).not.toContain(await busy);
  });

  test('a value that is not known refuses the route and says what is allowed', async () => {
    await engine.run({ name: 'odd', labels: { 'portolan.balance': 'random' } });
    const items = await within(5_000, 'the refusal', async () => {
      const page = await portolan.json<{ items: { detail: string }[] }>('/refusals');
      return page.items.length > 0 && page.items;
    });
    expect(items.map(({ detail }) => detail)).toEqual([
      'label portolan.balance is "random"; round-robin, least-connections, client-ip is allowed',
    ]);
  });
});
