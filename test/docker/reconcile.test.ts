/** The order in which the differences between a list and what is known are taken in. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseEngineAddress } from '../../src/docker/address.ts';
import { type Connections, createConnections } from '../../src/docker/connection.ts';
import type { KnownContainer, Sighting } from '../../src/docker/engine.ts';
import { createInspector, type Inspector } from '../../src/docker/inspector.ts';
import type { ListEntry } from '../../src/docker/list.ts';
import { createNetworkDrivers } from '../../src/docker/network-drivers.ts';
import { createReconciler } from '../../src/docker/reconcile.ts';
import type { ContainerId } from '../../src/events/ids.ts';
import { idOfRaw, inspected, json, type RawEngine, startRawEngine } from './raw-engine.ts';
import { conceal, eventually } from './support.ts';

let engine: RawEngine;
let connections: Connections;
let inspector: Inspector;
let delivered: Sighting[];

beforeEach(async () => {
  engine = await startRawEngine();
  connections = createConnections(parseEngineAddress(engine.host, {}));
  delivered = [];
  inspector = createInspector({
    docker: connections.reading,
    conceal,
    drivers: createNetworkDrivers({ docker: connections.reading, deadline: 5_000 }),
    wasDestroyed: () => false,
    deliver: (sighting) => delivered.push(sighting),
    onFailure: () => undefined,
  });
});
afterEach(async () => {
  inspector.stop();
  connections.close();
  await engine.down();
});

const idOf = (name: string) => idOfRaw(name) as ContainerId;
const addresses = new Map([['bridge', '172.17.0.2']]);
const known: KnownContainer = { name: 'web', status: 'running', health: 'none', startedAt: null, addresses };
const entry: Omit<ListEntry, 'id' | 'name'> = {
  status: 'running',
  health: null,
  addresses,
  up: null,
};

test('one that is gone is taken in after the one that has its name now, so that nobody gets their hosts between', async () => {
  const [old, next, other] = [idOf('old'), idOf('next'), idOf('other')];
  let release = (): void => undefined;
  engine.answer(`/containers/${next}/json`, (_, response) => {
    release = () => json(response, 200, inspected(next, { name: 'web' }));
  });
  for (const id of [old, other])
    engine.answer(`/containers/${id}/json`, (_, response) => json(response, 404, { message: 'none' }));
  const reconciler = createReconciler({
    list: async () => [],
    known: () =>
      new Map([
        [old, known],
        [other, { ...known, name: 'other' }],
      ]),
    inspector,
    addressesTell: true,
    now: () => 0,
    confirm: 0,
    signal: new AbortController().signal,
  });
  const entries = [{ ...entry, id: next, name: 'web' }];
  const all = reconciler.inspectAll(entries, () => undefined);
  // What has no successor waits for nobody.
  await eventually('the loss of the other', () => delivered.length === 1);
  release();
  await all;
  const ids = delivered.map((one) => (one.kind === 'lost' ? one.container : one.observation.container));
  expect(ids).toEqual([other, next, old]);
});
