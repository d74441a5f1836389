/** Networks and addresses: each container has a loopback address on each of its networks, the lowest that is free. */
import { describe, expect, test } from 'vitest';
import type { Container } from '../../src/engine-simulator/container.ts';
import { actionsDuring, ask, clientOf, refusal, startSimulator } from './support.ts';

const addressOn = (container: Container, network: string): string =>
  container.endpoints.get(network)?.address ?? '';

describe('addresses', () => {
  test('are reused, the lowest first, by whoever starts next', async () => {
    const simulator = await startSimulator();
    const { containers } = simulator;
    const [one, two, three] = [
      await simulator.run({ name: 'one' }),
      await simulator.run({ name: 'two' }),
      await simulator.run({ name: 'three' }),
    ];
    const [first, second] = [one.address, two.address];
    await containers.restart(two);
    expect(two.address).toBe(second);
    await containers.remove(one, true);
    await containers.restart(three);
    expect(three.address).toBe(first);
    await containers.stop(two);
    const four = await simulator.run({ name: 'four' });
    expect(four.address).toBe(second);
    expect(JSON.parse((await ask(second)).body).name).toBe('four');
  });

  test('of two simulators do not meet', async () => {
    const [one, two] = [await startSimulator(), await startSimulator()];
    const [first, second] = [await one.run({ name: 'same' }), await two.run({ name: 'same' })];
    expect(first.address).not.toBe(second.address);
    expect(JSON.parse((await ask(second.address)).body).id).toBe(second.id);
  });

  test('where ports below 1024 are not permitted, a container exposes that port plus 10000', async () => {
    const simulator = await startSimulator({ loopback: 'high-ports' });
    const container = await simulator.run({ name: 'one', exposed: ['80/tcp', '8080/tcp'] });
    const shown = await clientOf(simulator).getContainer('one').inspect();
    expect(Object.keys(shown.Config.ExposedPorts!)).toEqual(['10080/tcp', '8080/tcp']);
    expect((await ask(container.address, '/', { port: 10_080 })).status).toBe(200);
    expect((await ask(container.address, '/', { port: 8080 })).status).toBe(200);
  });

  test('where loopback has one address only, each container has a port of its own', async () => {
    const simulator = await startSimulator({ loopback: 'one-address' });
    const containers = [await simulator.run({ name: 'one' }), await simulator.run({ name: 'two' })];
    for (const { name, address, config } of containers) {
      expect(address).toBe('127.0.0.1');
      const port = Number.parseInt(config.exposed[0]!, 10);
      expect(JSON.parse((await ask(address, '/', { port })).body).name).toBe(name);
    }
  });
});

describe('networks', () => {
  test('are listed, made, inspected and removed', async () => {
    const simulator = await startSimulator();
    const docker = clientOf(simulator);
    const actions = await actionsDuring(simulator, async () => {
      const network = await docker.createNetwork({ Name: 'shop', Labels: { a: 'b' } });
      expect(await refusal(docker.createNetwork({ Name: 'shop' }))).toEqual({
        status: 409,
        message: 'network with name shop already exists',
      });
      expect(await network.inspect()).toMatchObject({ Name: 'shop', Driver: 'bridge', Labels: { a: 'b' } });
      expect((await docker.listNetworks()).map(({ Name }) => Name).sort()).toEqual([
        'bridge',
        'host',
        'none',
        'shop',
      ]);
      expect(await docker.listNetworks({ filters: { name: ['shop'] } })).toHaveLength(1);
      await network.remove();
    });
    expect(actions).toEqual(['network:create', 'network:destroy']);
    expect(await refusal(docker.getNetwork('shop').inspect())).toEqual({
      status: 404,
      message: 'network shop not found',
    });
    expect(await refusal(docker.getNetwork('bridge').remove())).toMatchObject({ status: 403 });
  });

  test('a container on several has an address and a server on each', async () => {
    const simulator = await startSimulator();
    const docker = clientOf(simulator);
    const network = await docker.createNetwork({ Name: 'shop' });
    const container = await simulator.run({ name: 'one' });
    expect(await actionsDuring(simulator, () => network.connect({ Container: 'one' }))).toEqual([
      'network:connect',
    ]);
    const [bridge, shop] = [addressOn(container, 'bridge'), addressOn(container, 'shop')];
    expect(shop).not.toBe(bridge);
    expect((await ask(shop)).status).toBe(200);
    const { NetworkSettings } = await docker.getContainer('one').inspect();
    expect(NetworkSettings.Networks['shop']).toMatchObject({
      IPAddress: shop,
      NetworkID: network.id,
      Aliases: [container.id.slice(0, 12)],
    });
    expect((await network.inspect()).Containers?.[container.id]).toMatchObject({ Name: 'one' });
    expect(await refusal(network.connect({ Container: 'one' }))).toEqual({
      status: 403,
      message: 'endpoint with name one already exists in network shop',
    });
    expect((await refusal(network.remove())).message).toMatch(/has active endpoints$/);
    // Said twice, as by the real engine.
    const actions = await actionsDuring(simulator, () => network.disconnect({ Container: 'one' }));
    expect(actions).toEqual(['network:disconnect', 'network:disconnect']);
    await expect(ask(shop)).rejects.toThrow(/ECONNREFUSED/);
    expect((await ask(bridge)).status).toBe(200);
    expect(await refusal(network.disconnect({ Container: 'one' }))).toEqual({
      status: 500,
      message: `container ${container.id} is not connected to network shop`,
    });
  });

  test('a network may be missing on creation, but not at the start', async () => {
    const simulator = await startSimulator();
    const docker = clientOf(simulator);
    const container = await docker.createContainer({
      name: 'early',
      Image: 'web',
      HostConfig: { NetworkMode: 'later' },
    });
    expect(await refusal(container.start())).toEqual({ status: 404, message: 'network later not found' });
    await docker.createNetwork({ Name: 'later' });
    await container.start();
    expect(addressOn(simulator.containers.get('early'), 'later')).toMatch(/^127\./);
  });

  test('on creation, one network with aliases', async () => {
    const simulator = await startSimulator();
    const docker = clientOf(simulator);
    await docker.createNetwork({ Name: 'shop' });
    const container = await docker.createContainer({
      name: 'one',
      Image: 'web',
      HostConfig: { NetworkMode: 'shop' },
      NetworkingConfig: { EndpointsConfig: { shop: { Aliases: ['web'] } } },
    });
    await container.start();
    const { Networks } = (await container.inspect()).NetworkSettings;
    expect(Object.keys(Networks)).toEqual(['shop']);
    expect(Networks['shop']!.Aliases).toContain('web');
  });

  test("container:X uses that container's addresses, and changes no networks", async () => {
    const simulator = await startSimulator();
    const docker = clientOf(simulator);
    const host = await simulator.run({ name: 'host', exposed: ['80/tcp'] });
    const guest = await simulator.run({
      name: 'guest',
      image: 'api',
      exposed: ['8080/tcp'],
      networkMode: `container:${host.id}`,
    });
    expect(guest.address).toBe('');
    expect(JSON.parse((await ask(host.address, '/', { port: 8080 })).body).name).toBe('guest');
    const shown = await docker.getContainer('guest').inspect();
    expect(shown.NetworkSettings.Networks).toEqual({});
    await docker.createNetwork({ Name: 'shop' });
    expect(await refusal(docker.getNetwork('shop').connect({ Container: 'guest' }))).toMatchObject({
      status: 400,
    });
    const nobody = await docker.createContainer({
      name: 'nobody',
      Image: 'web',
      HostConfig: { NetworkMode: 'container:nope' },
    });
    expect(await refusal(nobody.start())).toEqual({ status: 404, message: 'No such container: nope' });
  });

  test('none has no address; host has none of its own', async () => {
    const simulator = await startSimulator();
    const lonely = await simulator.run({ name: 'lonely', networkMode: 'none' });
    expect(lonely).toMatchObject({ status: 'running', address: '' });
    const { id } = await simulator.run({ name: 'hosted', networkMode: 'host', exposed: ['18974/tcp'] });
    expect((await ask('127.0.0.1', '/', { port: 18_974 })).status).toBe(200);
    const shown = await clientOf(simulator).getContainer(id).inspect();
    expect(shown.NetworkSettings.Networks['host']).toMatchObject({ IPAddress: '' });
    expect(
      await refusal(clientOf(simulator).getNetwork('host').disconnect({ Container: 'hosted' })),
    ).toMatchObject({ status: 400 });
  });
});
