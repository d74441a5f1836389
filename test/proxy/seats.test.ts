/** Connections that several workers count together. */
import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../src/proxy/limits.ts';
import { createSeats, createSharedSeats, type Seats } from '../../src/proxy/seats.ts';

function workers(limits: { connections?: number; connectionsPerClient?: number }, count = 2) {
  const all = { ...defaultLimits, connections: 0, ...limits };
  const shared = createSharedSeats(all, count);
  const seats = Array.from({ length: count }, (_, row) => createSeats(all, shared, row));
  return { shared, seats: seats as [Seats, Seats] };
}

describe('seats', () => {
  test('in all are those of all workers', () => {
    const { seats } = workers({ connections: 3 });
    const [one, other] = seats;
    expect([one.take('a'), other.take('b'), other.take('c'), one.take('d')]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    other.leave('b');
    expect([one.take('d'), other.take('e')]).toEqual([true, false]);
  });
  test('of a client are those of all workers, and no other client’s', () => {
    const { seats } = workers({ connectionsPerClient: 2 });
    const [one, other] = seats;
    expect([one.take('192.0.2.1'), other.take('192.0.2.1'), one.take('192.0.2.1')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(other.take('192.0.2.2')).toBe(true);
    one.leave('192.0.2.1');
    expect([other.take('192.0.2.1'), one.take('192.0.2.1')]).toEqual([true, false]);
  });
  test('of a hundred clients at their limit keep nobody else out', () => {
    const { seats } = workers({ connectionsPerClient: 2 });
    const [one, other] = seats;
    for (let client = 0; client < 100; client += 1) {
      const address = `2001:db8::${client.toString(16)}`;
      expect(one.take(address) && other.take(address) && !one.take(address), address).toBe(true);
    }
    const refused = Array.from({ length: 1_000 }, (_, client) => one.take(`198.51.100.${client}`));
    expect(refused).not.toContain(false);
  });
  test('without a limit are never short', () => {
    const { seats, shared } = workers({});
    for (let count = 0; count < 100; count += 1) expect(seats[0].take('a')).toBe(true);
    expect(shared.rows.map(([open]) => open)).toEqual([100, 0]);
  });
});
