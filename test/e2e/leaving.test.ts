/** Containers that are about to end, under load: they are out of the table before the engine is asked. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { startLoad } from '../support/load.ts';
import { cleanUp, type Portolan, within } from '../support/portolan.ts';
import { createEngine, hears, routesEqual, serveOn } from '../support/simulated.ts';

const host = 'web.shop.docker.localhost';
const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };

describe('of two replicas under load', () => {
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
  /** By default one that cuts what runs when it is told to end. */
  const replicas = async (env: readonly string[] = ['SIMULATED_ON_TERM=143']): Promise<void> => {
    for (const name of ['web-1', 'web-2']) await engine.run({ name, labels, env: [...env] });
    await routesEqual(portolan, engine);
    await portolan.answers(host, 200);
  };

  for (const verb of ['stop', 'restart', 'pause']) {
    test(`a ${verb} through the API fails no request, and waits for those under way`, async () => {
      await replicas();
      const load = startLoad({ port: portolan.port, host, path: '/slow?ms=150', visitors: 12 });
      await load.more(24);
      expect((await portolan.api('POST', `/containers/web-1/${verb}`)).status).toBe(200);
      await load.more(24);
      await load.stop();
      expect(load.failures).toEqual([]);
    });
  }

  test('a removal by force through the API fails no request that is short', async () => {
    await replicas();
    const load = startLoad({ port: portolan.port, host, visitors: 12 });
    await load.more(50);
    expect((await portolan.api('DELETE', '/containers/web-1?force=true')).status).toBe(200);
    await load.more(50);
    await load.stop();
    expect(load.failures).toEqual([]);
  });

  test('the engine is restarted beneath them: no request fails', async () => {
    await replicas();
    const load = startLoad({ port: portolan.port, host, visitors: 12 });
    await load.more(50);
    await engine.goDown({ liveRestore: true });
    await within(5_000, 'the loss', async () => (await portolan.events('EngineLost')).length === 1);
    await load.more(50);
    await engine.comeUp();
    await routesEqual(portolan, engine, 15_000);
    await load.more(50);
    await load.stop();
    expect(load.failures).toEqual([]);
  });

  test('a stop that the engine refuses leaves both in the table', async () => {
    await replicas();
    engine.faults.calls.set('POST /containers/', { status: 500, message: 'no' });
    expect((await portolan.api('POST', '/containers/web-1/stop')).status).toBe(502);
    engine.faults.calls.clear();
    const seen = new Set<string>();
    await within(5_000, 'both to answer', async () => {
      seen.add(JSON.parse((await portolan.get(host)).body).name);
      return seen.size === 2;
    });
  });

  test('while the engine stops the only one, the proxy says so', async () => {
    await engine.run({ name: 'single', env: ['SIMULATED_TERM_DELAY=3000'] });
    await portolan.answers('single.docker.localhost', 200);
    const stop = portolan.api('POST', '/containers/single/stop');
    expect(await portolan.answers('single.docker.localhost', 503)).toContain(
      'container single is being stopped',
    );
    const why = await portolan.json<{ sentence: string }>('/hosts/single.docker.localhost/why');
    expect(why.sentence).toMatch(
      / has gone to single since .* Now single\.docker\.localhost has no upstream: container single is being stopped\.$/,
    );
    expect((await stop).status).toBe(200);
    await portolan.answers('single.docker.localhost', 503);
    expect((await portolan.api('POST', '/containers/single/start')).status).toBe(200);
    await portolan.answers('single.docker.localhost', 200);
  });

  test('a signal from outside that ends one takes it out at once; where it is the last it is still asked', async () => {
    await replicas(['SIMULATED_ON_TERM=ignore']);
    const names = new Set<string>();
    const load = startLoad({
      port: portolan.port,
      host,
      check: (body) => {
        names.add(JSON.parse(body).name);
        return null;
      },
    });
    await load.more(30);
    await engine.containers.kill(engine.containers.get('web-1'), 'TERM');
    await within(5_000, 'web-1 to be asked no more', async () => {
      names.clear();
      await load.more(30);
      return !names.has('web-1');
    });
    expect((await portolan.get('web-1.docker.localhost')).status).toBe(200);
    await load.stop();
    expect(load.failures).toEqual([]);
  });

  test('a signal that ends nothing changes nothing', async () => {
    await replicas();
    const names = new Set<string>();
    const load = startLoad({
      port: portolan.port,
      host,
      check: (body) => {
        names.add(JSON.parse(body).name);
        return null;
      },
    });
    await engine.containers.kill(engine.containers.get('web-1'), 'WINCH');
    await within(5_000, 'the signal', async () => (await portolan.events('ContainerKilled')).length === 1);
    names.clear();
    await load.more(60);
    await load.stop();
    expect([...names].sort()).toEqual(['web-1', 'web-2']);
  });
});
