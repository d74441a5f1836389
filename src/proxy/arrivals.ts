/** Holds requests that nobody could answer while a container arrives that may, each for a while. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Outcome, OwnOutcome } from '../routing/outcome.ts';
import type { Arrival, RoutingTable } from '../routing/table.ts';

export interface Arrivals {
  take(arrival: Arrival): void;
  /** Lets it go at once, unless what was found may be otherwise in a moment. */
  pass(found: OwnOutcome, request: Asked): void;
  /** Lets those go whose route is open now. @param hosts those of which the table says something else; all if not given */
  tableChanged(hosts?: ReadonlySet<string>): void;
  /** Lets all go, and holds none from now on. */
  close(): void;
}

export interface Asked {
  readonly host: string;
  /** It waits no longer than this is there. */
  readonly client: ServerResponse | Socket;
  /** In the table as it is now. */
  readonly find: () => Outcome;
  /** With what was found in the end; not called for a client that has left. */
  readonly go: (found: Outcome) => void;
}

/** Requests that wait at once; whoever asks beyond is answered as things are. */
export const mostHeld = 1_000;

/** @param timeout milliseconds that a request waits; 0 for not at all */
export function createArrivals(table: RoutingTable, timeout: number): Arrivals {
  /** By their containers. */
  const arrivals = new Map<string, Arrival>();
  /** How many containers that arrive ask for a host. */
  const asked = new Map<string, number>();
  /** With what ends the wait. */
  const waiting = new Map<Asked, () => void>();
  let closed = false;

  function count({ hosts }: Arrival, by: 1 | -1): void {
    for (const host of hosts) {
      const times = (asked.get(host) ?? 0) + by;
      if (times === 0) asked.delete(host);
      else asked.set(host, times);
    }
  }

  /** An ambiguous request is no container's, and an engine that has not vouched yet is waited for elsewhere. */
  const mayChange = ({ status }: OwnOutcome, host: string): boolean =>
    !closed &&
    asked.has(host) &&
    status !== 400 &&
    (table.trust === 'confirmed' || table.trust === 'unconfirmed');

  function hold(request: Asked): void {
    const left = (): void => forget(request);
    const timer = setTimeout(end, timeout, request);
    request.client.once('close', left);
    waiting.set(request, () => {
      clearTimeout(timer);
      request.client.off('close', left);
    });
  }

  function end(request: Asked, found = request.find()): void {
    // One that went just now may have taken others along.
    if (!waiting.has(request)) return;
    forget(request);
    request.go(found);
  }

  function forget(request: Asked): void {
    waiting.get(request)?.();
    waiting.delete(request);
  }

  function tableChanged(hosts?: ReadonlySet<string>): void {
    for (const request of [...waiting.keys()]) {
      if (hosts !== undefined && !hosts.has(request.host)) continue;
      const found = request.find();
      if (found.kind === 'route' || !mayChange(found, request.host)) end(request, found);
    }
  }

  return {
    take(arrival) {
      const before = arrivals.get(arrival.key);
      if (before !== undefined) count(before, -1);
      count(arrival, 1);
      if (arrival.hosts.length > 0) arrivals.set(arrival.key, arrival);
      else arrivals.delete(arrival.key);
      for (const request of [...waiting.keys()]) if (!asked.has(request.host)) end(request);
    },
    pass(found, request) {
      if (timeout > 0 && waiting.size < mostHeld && mayChange(found, request.host)) hold(request);
      else request.go(found);
    },
    tableChanged,
    close() {
      closed = true;
      tableChanged();
    },
  };
}
