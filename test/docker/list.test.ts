/** The engine's list held against what is known. */
import { expect, it } from 'vitest';
import { parseEngineAddress } from '../../src/docker/address.ts';
import { createConnections } from '../../src/docker/connection.ts';
import type { KnownContainer } from '../../src/docker/engine.ts';
import { differs, type ListEntry, listContainers, readUpTime } from '../../src/docker/list.ts';
import type { ContainerId } from '../../src/events/ids.ts';
import { idOfRaw, json, startRawEngine } from './raw-engine.ts';
import { readTrace, traceNames } from './traces.ts';

const now = Date.parse('2026-01-01T12:00:00Z');
const known: KnownContainer = {
  name: 'web',
  status: 'running',
  health: 'healthy',
  startedAt: '2026-01-01T11:50:00Z',
  addresses: new Map([['bridge', '172.17.0.2']]),
};
const entry: ListEntry = {
  id: idOfRaw('web') as ContainerId,
  name: 'web',
  status: 'running',
  health: 'healthy',
  addresses: new Map([['bridge', '172.17.0.2']]),
  up: readUpTime('Up 10 minutes (healthy)'),
};

it('what is listed as it is known does not differ', () => {
  expect(differs(entry, known, now)).toBe(false);
});

it.each<[string, Partial<ListEntry>]>([
  ['a name', { name: 'other' }],
  ['a state', { status: 'exited' }],
  ['health', { health: 'unhealthy' }],
  ['an address', { addresses: new Map([['bridge', '172.17.0.3']]) }],
  ['a network', { addresses: new Map([['net', '172.17.0.2']]) }],
  [
    'another network',
    {
      addresses: new Map([
        ['bridge', '172.17.0.2'],
        ['net', ''],
      ]),
    },
  ],
  ['the time of the start', { up: readUpTime('Up 3 seconds') }],
])('%s that differs is found', (_, fields) => {
  expect(differs({ ...entry, ...fields }, known, now)).toBe(true);
});

it('one that is not known differs', () => {
  expect(differs(entry, undefined, now)).toBe(true);
});

it('of one that does not run only name and state count: the list shows no more', () => {
  const stopped = { ...entry, status: 'exited', health: null, addresses: new Map(), up: null };
  expect(differs(stopped, { ...known, status: 'exited' }, now)).toBe(false);
});

it.each([
  ['Up Less than a second', 0.4],
  ['Up 1 second', 1.9],
  ['Up 59 seconds', 59.9],
  ['Up About a minute', 61],
  ['Up 2 minutes', 179],
  ['Up 45 minutes', 45 * 60 + 1],
  ['Up About an hour', 61 * 60],
  ['Up About an hour', 89 * 60],
  ['Up 2 hours', 91 * 60],
  ['Up 47 hours', 47 * 3600],
  ['Up 2 days', 50 * 3600],
  ['Up 2 weeks', 15 * 86400],
  ['Up 3 months', 100 * 86400],
  ['Up 2 years', 800 * 86400],
])('%s fits %d seconds', (status, seconds) => {
  const up = readUpTime(status)!;
  expect(seconds).toBeGreaterThanOrEqual(up.least);
  expect(seconds).toBeLessThanOrEqual(up.most);
});

it('words for a time that it does not know say nothing', () => {
  expect(readUpTime('Up since Tuesday')).toBeNull();
  expect(differs({ ...entry, up: null }, known, now)).toBe(false);
});

it.each(traceNames)('reads the recorded list of %s', async (name) => {
  const engine = await startRawEngine();
  const connections = createConnections(parseEngineAddress(engine.host, {}));
  const { list } = readTrace(name);
  try {
    engine.answer('/containers/json', (_, response) => json(response, 200, list));
    const entries = await listContainers(connections.reading, 1_000);
    expect(entries).toHaveLength(list.length);
    for (const { status, health } of entries) expect(health === null).toBe(status !== 'running');
    if (name === 'health')
      expect(entries[0]).toMatchObject({ name: 'trace-web', status: 'running', health: 'healthy' });
  } finally {
    connections.close();
    await engine.down();
  }
});

it("takes a container's own name, not the alias of a link", async () => {
  const engine = await startRawEngine();
  const connections = createConnections(parseEngineAddress(engine.host, {}));
  try {
    const Names = ['/other/alias', '/web'];
    engine.answer('/containers/json', (_, response) =>
      json(response, 200, [{ Id: idOfRaw('web'), Names, State: 'exited' }]),
    );
    expect(await listContainers(connections.reading, 1_000)).toMatchObject([
      { name: 'web', status: 'exited' },
    ]);
    engine.answer('/containers/json', (_, response) => json(response, 200, { message: 'no list' }));
    await expect(listContainers(connections.reading, 1_000)).rejects.toMatchObject({ status: 502 });
  } finally {
    connections.close();
    await engine.down();
  }
});
