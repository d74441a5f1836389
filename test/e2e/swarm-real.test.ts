/** A real engine in Swarm mode: services by their names, over the life of their tasks. */
import { afterEach, expect, test } from 'vitest';
import { describeOnDocker, images } from '../support/docker.ts';
import { startLoad } from '../support/load.ts';
import { canStartEngine, createOwnEngine, type OwnEngine } from '../support/own-engine.ts';
import { cleanUp, type Portolan, startPortolan, within } from '../support/portolan.ts';

describeOnDocker('a Swarm', (shared) => {
  let engine: OwnEngine | null = null;
  afterEach(async () => {
    await cleanUp();
    if (engine === null) return;
    await engine.cli('swarm', 'leave', '--force').catch(() => undefined);
    // Its bridge would stay on the machine.
    await engine.cli('network', 'rm', 'docker_gwbridge').catch(() => undefined);
    await engine.remove();
    engine = null;
  });

  /** @returns why this machine can have none, if it cannot */
  async function createSwarm(): Promise<OwnEngine | string> {
    if (!canStartEngine) throw new Error('a Swarm of its own needs Linux and root');
    const own = await createOwnEngine(shared.host, { liveRestore: false, place: 'swarm' });
    engine = own;
    // Else it would be made under a name that a Swarm of this machine has.
    const gateway = ['-o', 'com.docker.network.bridge.name=portolan-test3', 'docker_gwbridge'];
    await own.cli('network', 'create', '--subnet', '172.28.255.0/24', ...gateway);
    const addresses = ['--advertise-addr', '127.0.0.1', '--listen-addr', '127.0.0.1:23777'];
    return own.cli('swarm', 'init', ...addresses).then(
      () => own,
      ({ message }: Error) => message,
    );
  }

  const create = (own: OwnEngine, ...args: string[]): Promise<string> =>
    own.cli('service', 'create', '--detach', '--no-resolve-image', ...args, images.web);

  /** Once its route has so many targets, all of which the engine runs. */
  const targetsOf = (portolan: Portolan, host: string, count: number): Promise<readonly string[]> =>
    within(30_000, `${count} targets of ${host}`, async () => {
      const { items } = await portolan.json<{ items: { targets: { name: string }[] }[] }>(
        `/routes?host=${host}`,
      );
      const names = items.flatMap(({ targets }) => targets.map(({ name }) => name));
      return names.length === count && names.sort();
    });

  test('a service answers by its name through scaling and replaced tasks, and one on an overlay is refused', async ({
    skip,
  }) => {
    const own = await createSwarm();
    // Another Swarm has the ports, or the kernel has no VXLAN.
    if (typeof own === 'string') return skip(`no Swarm can be made here: ${own}`);
    const portolan = await startPortolan({ dockerHost: own.host });
    await create(own, '--name', 'web', '--replicas', '2', '--update-order', 'start-first');
    const host = 'web.docker.localhost';
    const before = await targetsOf(portolan, host, 2);
    expect(before.map((name) => name.slice(0, 6))).toEqual(['web.1.', 'web.2.']);
    await portolan.answers(host, 200);

    const load = startLoad({ port: portolan.port, host });
    await load.more(50);
    await own.cli('service', 'scale', '--detach', 'web=3');
    await targetsOf(portolan, host, 3);
    await own.cli('service', 'scale', '--detach', 'web=1');
    const [last] = await targetsOf(portolan, host, 1);
    await load.more(50);
    await load.stop();
    // busybox's server does not end gracefully, but who asked before it was told to stop was answered.
    expect(load.failures.filter((failure) => !/^50[23]|ECONNRESET|hang up/.test(failure))).toEqual([]);

    await own.cli('rm', '-f', last!);
    const [next] = await within(30_000, 'the task that comes instead', async () => {
      const targets = await targetsOf(portolan, host, 1);
      return targets[0] !== last && targets;
    });
    expect(next).toMatch(/^web\.\d\./);
    await portolan.answers(host, 200);

    await own.cli('network', 'create', '--driver', 'overlay', '--attachable', 'shopnet');
    await create(own, '--name', 'api', '--network', 'shopnet');
    const refusal = await within(30_000, 'the refusal', async () => {
      const { items } = await portolan.json<{ items: { name: string; detail: string }[] }>('/refusals');
      return items.find(({ name }) => name.startsWith('api.'));
    });
    expect(refusal).toMatchObject({
      reason: 'no-reachable-network',
      detail: expect.stringContaining('shopnet, overlay'),
    });
    expect((await portolan.get('api.docker.localhost')).status).toBe(503);
    const { items } = await portolan.json<{
      items: { name: string; networks: { name: string; driver?: string }[] }[];
    }>('/containers');
    const drivers = items.map(({ name, networks }) => [
      name.split('.')[0],
      networks.map((one) => one.driver),
    ]);
    expect(Object.fromEntries(drivers)).toEqual({ web: [undefined], api: ['overlay'] });
  });
});
