/** Containers that take each other's address, under 100 requests a second, on the simulated engine. `REUSE_ROUNDS` sets how often. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Container } from '../../src/engine-simulator/container.ts';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { type Load, startLoad } from '../support/load.ts';
import { cleanUp, type Portolan, within } from '../support/portolan.ts';
import { createEngine, hears, routesEqual, serveOn } from '../support/simulated.ts';

const rounds = Number(process.env['REUSE_ROUNDS'] ?? 12);

describe('an address that changes hands', () => {
  let engine: Simulator;
  let portolan: Portolan;
  beforeEach(async () => {
    engine = await createEngine();
    portolan = await serveOn(engine);
    await hears(portolan);
  });
  afterEach(async () => {
    await cleanUp();
    await engine.stop();
  });

  /** Asks for a container by its name: nobody else may answer, though the proxy itself may. */
  const visit = (name: string): Load =>
    startLoad({
      port: portolan.port,
      host: `${name}.docker.localhost`,
      visitors: 4,
      pause: 80,
      check: (body) => (JSON.parse(body).name === name ? null : `foreign: ${body}`),
    });
  const foreign = (loads: readonly Load[]): string[] =>
    loads.flatMap((load) => load.failures.filter((failure) => !/^(404|50[234]) /.test(failure)));

  test(
    'containers with different names, one after the other: nobody is answered by a stranger',
    async () => {
      const names = ['ann', 'bob'];
      const loads = names.map(visit);
      let current: Container | null = null;
      const addresses = new Set<string>();
      for (let round = 0; round < rounds; round++) {
        if (current !== null) {
          await engine.containers.remove(current, true);
          // A real engine needs longer for a start than its events need to arrive; here a start takes no time.
          await portolan.answers(`${current.name}.docker.localhost`, 503);
        }
        current = await engine.run({ name: names[round % 2]! });
        addresses.add(current.address);
        await loads[round % 2]!.more(12);
      }
      await routesEqual(portolan, engine);
      for (const load of loads) await load.stop();
      expect(addresses.size).toBe(1);
      expect(foreign(loads)).toEqual([]);
    },
    rounds * 4_000 + 20_000,
  );

  test(
    'restarted and recreated under its own name: each answer is from a start that was current when it was asked',
    async () => {
      let current = await engine.run({ name: 'ann' });
      await routesEqual(portolan, engine);
      const ended = new Set<string>();
      const load = startLoad({
        port: portolan.port,
        host: 'ann.docker.localhost',
        visitors: 8,
        pause: 80,
        check: (body) => {
          const { id, startedAt } = JSON.parse(body);
          return ended.has(`${id} ${startedAt}`) ? `of an earlier start: ${body}` : null;
        },
      });
      const startOf = async (): Promise<string> => {
        const { id, startedAt } = JSON.parse(await portolan.answers('ann.docker.localhost', 200));
        return `${id} ${startedAt}`;
      };
      for (let round = 0; round < rounds; round++) {
        const before = await startOf();
        if (round % 2 === 0) await engine.containers.restart(current);
        else {
          await engine.containers.remove(current, true);
          current = await engine.run({ name: 'ann' });
        }
        await load.more(16);
        ended.add(before);
      }
      await load.stop();
      expect(foreign([load])).toEqual([]);
    },
    rounds * 4_000 + 20_000,
  );

  test('replaced under its name and address while nobody watched: the history never shows both', async () => {
    const shop = { name: 'ann', labels: { 'portolan.host': 'shop.test' } };
    const first = await engine.run(shop);
    const { address } = first;
    await portolan.answers('shop.test', 200);
    // Of another owner, and waiting for the same host: it must not gain by the order in which a list is taken in.
    const rival = await engine.run({ name: 'bob', labels: { 'portolan.host': 'shop.test' } });
    await within(5_000, 'the refusal', async () => (await portolan.events('RouteRefused')).length === 1);
    await portolan.kill();
    await engine.containers.remove(first, true);
    const second = await engine.run(shop);
    expect(second.address).toBe(address);
    // It pushes what happened out of the engine's memory.
    for (let count = 0; count < 600; count++) await engine.containers.kill(rival, 'WINCH');
    const { dataDir } = portolan;
    portolan = await serveOn(engine, { dataDir });
    await within(20_000, 'the loss of the first', async () => {
      const lost = await portolan.events('ContainerLost');
      return lost.some(({ data }) => data.container === first.id);
    });
    await routesEqual(portolan, engine);
    expect(JSON.parse(await portolan.answers('shop.test', 200)).id).toBe(second.id);
    interface Interval {
      readonly from: string;
      readonly targets: readonly { readonly container: string }[];
    }
    for (const host of ['shop.test', 'ann.docker.localhost']) {
      const { items } = await portolan.json<{ items: Interval[] }>(`/hosts/${host}/history`);
      const ids = items.map(({ targets }) => targets.map(({ container }) => container.split('/').at(-1)));
      expect(ids[0]).toEqual([second.id]);
      for (const targets of ids) expect(targets).toHaveLength(1);
    }
    expect(await portolan.events('RouteRefused')).toHaveLength(1);
  });
});
