/** The clients' connections, and what is told of those that were refused. */
import { afterEach, describe, expect, test } from 'vitest';
import { openClient, type RawClient, until } from '../support/raw-http.ts';
import { startProxy, type TestProxyOptions } from './in-process.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** @returns a second client's connection, and what was told */
async function second(limits: NonNullable<TestProxyOptions['limits']>): Promise<[RawClient, string[]]> {
  const told: string[] = [];
  const proxy = await startProxy([], { limits, onExhausted: ({ message }) => void told.push(message) });
  const first = await openClient(proxy.port);
  ends.push(proxy.close, first.close);
  await until(() => proxy.proxy.connections() === 1, 'the first');
  return [await openClient(proxy.port), told];
}

describe('a connection too many', () => {
  test('is closed, and it is told that all are taken and by which setting', async () => {
    const [client, told] = await second({ connections: 1 });
    await client.closed();
    expect(told).toEqual([expect.stringContaining('--max-connections')]);
  });
  test('of one client is closed, which says nothing of the others', async () => {
    const [client, told] = await second({ connectionsPerClient: 1, connections: 2 });
    await client.closed();
    expect(told).toEqual([]);
  });
});
