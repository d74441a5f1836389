/** Networks' drivers, as an engine tells them once, or not at all. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseEngineAddress } from '../../src/docker/address.ts';
import { type Connections, createConnections } from '../../src/docker/connection.ts';
import { createNetworkDrivers, type NetworkDrivers } from '../../src/docker/network-drivers.ts';
import { json, type RawEngine, startRawEngine } from './raw-engine.ts';

const bridge = 'c'.repeat(64);
const overlay = 'gs9uzfodg5aedx13q3fbgj189';

let engine: RawEngine;
let connections: Connections;
let drivers: NetworkDrivers;

beforeEach(async () => {
  engine = await startRawEngine();
  connections = createConnections(parseEngineAddress(engine.host, {}));
  drivers = createNetworkDrivers({ docker: connections.reading, deadline: 5_000 });
});
afterEach(async () => {
  connections.close();
  await engine.down();
});

const askedFor = (network: string): number =>
  engine.requests.filter((request) => request.startsWith(`GET /networks/${network}`)).length;

test('a network is asked about once, however many containers are on it', async () => {
  engine.answer(`/networks/${overlay}`, (_, response) => json(response, 200, { Driver: 'overlay' }));
  engine.answer(`/networks/${bridge}`, (_, response) => json(response, 200, { Driver: 'macvlan' }));
  await Promise.all([
    drivers.learn([overlay, bridge]),
    drivers.learn([bridge, '']),
    drivers.learn([overlay]),
  ]);
  await drivers.learn([overlay]);
  expect([drivers.of(overlay), drivers.of(bridge), drivers.of('')]).toEqual(['overlay', 'macvlan', 'bridge']);
  expect([askedFor(overlay), askedFor(bridge)]).toEqual([1, 1]);
});

test.for([403, 404])('of one that is not shown (%i) the id tells whether it is a Swarm’s', async (status) => {
  for (const network of [overlay, bridge])
    engine.answer(`/networks/${network}`, (_, response) => json(response, status, { message: 'no' }));
  await drivers.learn([overlay, bridge]);
  expect([drivers.of(overlay), drivers.of(bridge)]).toEqual(['overlay', 'bridge']);
});

test('an engine that fails is asked again, as nothing is known by that', async () => {
  engine.answer(`/networks/${overlay}`, (_, response) => json(response, 500, { message: 'not now' }));
  await expect(drivers.learn([overlay])).rejects.toThrow('not now');
  engine.answer(`/networks/${overlay}`, (_, response) => json(response, 200, { Driver: 'overlay' }));
  await drivers.learn([overlay]);
  expect(drivers.of(overlay)).toBe('overlay');
});

test('an answer that is no network is the engine’s failure, not an observation', async () => {
  engine.answer(`/networks/${overlay}`, (_, response) => json(response, 200, { Name: 'shopnet' }));
  await expect(drivers.learn([overlay])).rejects.toMatchObject({ name: 'EngineError', status: 502 });
});
