/** A simulated engine and a Portolan on it, and whether the routes of one equal the containers of the other. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSimulator, type Simulator } from '../../src/engine-simulator/simulator.ts';
import { cleanUp, type Portolan, type StartOptions, startPortolan, within } from './portolan.ts';

/** An engine on which these containers run, and a Portolan that routes them: for the tests of a file or a group. */
export async function serveContainers(
  ...names: readonly string[]
): Promise<{ readonly engine: Simulator; readonly portolan: Portolan }> {
  const engine = await createEngine();
  try {
    const portolan = await serveOn(engine);
    for (const name of names) await engine.run({ name });
    await routesEqual(portolan, engine);
    return { engine, portolan };
  } catch (error) {
    await endService(engine);
    throw error;
  }
}

/** @param engine undefined where the start has failed */
export async function endService(engine: Simulator | undefined): Promise<void> {
  await cleanUp();
  await engine?.stop();
}

export async function createEngine(): Promise<Simulator> {
  const simulator = createSimulator({
    socketPath: join(mkdtempSync(join(tmpdir(), 'portolan-sim-')), 'engine.sock'),
  });
  await simulator.start();
  return simulator;
}

export const serveOn = (simulator: Simulator, options: Partial<StartOptions> = {}): Promise<Portolan> =>
  startPortolan({ dockerHost: simulator.host, simulated: true, ...options });

/** Waits until it hears the engine's signals: what starts before is found by the first list, and has no signal. */
export const hears = (portolan: Portolan): Promise<unknown> =>
  within(10_000, 'the connection to the engine', async () =>
    portolan.log.some((line) => line['msg'] === 'connected to the engine'),
  );

/** Waits until each running container, and no other, is routed to the address it has. */
export async function routesEqual(
  portolan: Portolan,
  simulator: Simulator,
  milliseconds = 5_000,
): Promise<void> {
  let difference = '';
  await within(milliseconds, 'routes to equal the engine', async () => {
    const page = await portolan.json<{ items: { targets: { name: string; address: string }[] }[] }>(
      '/routes?limit=1000',
    );
    const routed = new Set(
      page.items.flatMap((route) => route.targets.map(({ name, address }) => `${name} ${address}`)),
    );
    const running = new Set(
      simulator.containers
        .list()
        .filter(({ status, health }) => status === 'running' && (health === 'none' || health === 'healthy'))
        .map(({ name, address }) => `${name} ${address}`),
    );
    difference = JSON.stringify({
      missing: [...running.difference(routed)],
      extra: [...routed.difference(running)],
    });
    return running.symmetricDifference(routed).size === 0;
  }).catch((error: Error) => {
    throw new Error(`${error.message}: ${difference}`);
  });
}
