/**
 * How many connections the workers have among them, in memory that they share. Each worker writes a row of its own and
 * reads all of them, so nothing is locked; two that accept in the same moment may be one over a limit together.
 *
 * Clients are counted in cells: a count-min sketch (Cormode and Muthukrishnan, 2005). An address has one cell in each
 * of four tables, found by a hash under a secret key, and its count is the least of the four: never too low, and too
 * high only for one that shares all four of its cells with others, which it cannot choose to.
 */
import { hash, randomBytes } from 'node:crypto';
import type { ProxyLimits } from './messages.ts';

/** What the workers share. */
export interface SharedSeats {
  /** Of each worker its open connections, then the cells. */
  readonly rows: readonly Int32Array<SharedArrayBuffer>[];
  /** Hexadecimal. */
  readonly key: string;
}

/** A worker's view of them. */
export interface Seats {
  /** @returns false where the client, or everybody, has as many as are allowed */
  take(client: string): boolean;
  leave(client: string): void;
  /** Nobody gets one. */
  isFull(): boolean;
}

const tables = 4;
/** Cells of a table. */
const width = 16_384;

/** @param workers that run at once */
export function createSharedSeats({ connectionsPerClient }: ProxyLimits, workers: number): SharedSeats {
  const size = 1 + (connectionsPerClient > 0 ? tables * width : 0);
  const createRow = () => new Int32Array(new SharedArrayBuffer(size * Int32Array.BYTES_PER_ELEMENT));
  return { rows: Array.from({ length: workers }, createRow), key: randomBytes(16).toString('hex') };
}

/** @param number of the row that this worker writes, and no other */
export function createSeats(limits: ProxyLimits, { rows, key }: SharedSeats, number: number): Seats {
  const { connections, connectionsPerClient } = limits;
  const own = rows[number]!;
  const inAll = (at: number): number => rows.reduce((sum, row) => sum + Atomics.load(row, at), 0);
  const isReached = (most: number, taken: number): boolean => most > 0 && taken >= most;
  const isFull = (): boolean => isReached(connections, inAll(0));

  /** Places within a row. */
  function cellsOf(client: string): number[] {
    if (connectionsPerClient === 0) return [];
    const digest = hash('sha256', `${key} ${client}`, 'buffer');
    return Array.from(
      { length: tables },
      (_, table) => 1 + table * width + (digest.readUInt32LE(table * 4) % width),
    );
  }

  return {
    take(client) {
      const cells = cellsOf(client);
      if (isFull()) return false;
      if (isReached(connectionsPerClient, Math.min(...cells.map(inAll)))) return false;
      for (const at of [0, ...cells]) Atomics.add(own, at, 1);
      return true;
    },
    leave(client) {
      for (const at of [0, ...cellsOf(client)]) Atomics.sub(own, at, 1);
    },
    isFull,
  };
}
