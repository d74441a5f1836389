/** What routes carry: latencies in buckets, and rates over the last seconds. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundOf, bucketOf, quantile } from '../../src/proxy/latency.ts';
import { createTrafficFigures, createTrafficNotes, lookBack } from '../../src/proxy/traffic.ts';

const web = { id: 'a', host: 'web.docker.localhost' };

test('a quantile is right within a bucket, whatever the times are', () => {
  const times = fc.array(fc.double({ min: 0, max: 3_600_000, noNaN: true }), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(times, fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1), (milliseconds, share) => {
      const counts = new Map<number, number>();
      for (const time of milliseconds) counts.set(bucketOf(time), (counts.get(bucketOf(time)) ?? 0) + 1);
      const sorted = [...milliseconds].sort((one, other) => one - other);
      const exact = sorted[Math.ceil(sorted.length * share) - 1]!;
      const found = quantile(counts, share)!;
      expect(found).toBeGreaterThanOrEqual(exact * 0.999);
      expect(found).toBeLessThanOrEqual(exact * 1.19 + 0.001);
    }),
  );
  expect(quantile(new Map(), 0.5)).toBeNull();
  expect(boundOf(bucketOf(1e12))).toBeGreaterThan(3_600_000);
});

test('figures are sums over the workers and the last seconds; what is older is forgotten', () => {
  let now = 100_000;
  const figures = createTrafficFigures(() => now);
  const [one, other] = [createTrafficNotes(), createTrafficNotes()];
  for (let n = 0; n < 30; n++) one.note(web, 10, false);
  for (let n = 0; n < 10; n++) other.note(web, 100, n < 5);
  other.note({ id: 'b', host: 'api.docker.localhost' }, 1, false);
  figures.add(one.take());
  figures.add(other.take());
  const { seconds, items } = figures.read();
  expect(seconds).toBe(lookBack);
  expect(items.map(({ host }) => host)).toEqual(['web.docker.localhost', 'api.docker.localhost']);
  expect(items[0]).toMatchObject({ route: 'a', requestsPerSecond: 4, errorsPerSecond: 0.5 });
  expect(items[0]!.p50).toBeGreaterThanOrEqual(10);
  expect(items[0]!.p50).toBeLessThan(12);
  expect(items[0]!.p99).toBeGreaterThanOrEqual(100);
  expect(one.take()).toEqual([]);
  now += 5_000;
  one.note(web, 10, false);
  figures.add(one.take());
  expect(figures.read().items[0]!.requestsPerSecond).toBe(4.1);
  now += 7_000;
  expect(figures.read().items).toMatchObject([{ requestsPerSecond: 0.1 }]);
  now += 60_000;
  expect(figures.read().items).toEqual([]);
});
