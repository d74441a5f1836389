/** The routing table: what a proxy worker matches requests against, and the deltas that keep it current. */
import type { Target, Traffic } from '../events/decisions.ts';
import type { Host, Position, RouteId } from '../events/ids.ts';

/** One route of a host. Without targets it is known but down, and `sentence` says why. */
export interface TableRoute {
  readonly id: RouteId;
  /** Prefix by whole segments; `/` for all. */
  readonly path: string;
  readonly targets: readonly Target[];
  /** One plain sentence for error answers; empty while there are targets. */
  readonly sentence: string;
  readonly traffic?: Traffic | undefined;
}

/** All that is known of a host. */
export interface HostEntry {
  readonly host: Host;
  /** Longest path first; may be empty for a host whose containers are gone. */
  readonly routes: readonly TableRoute[];
  /** Why the host as a whole has no upstream; empty while any route has targets. */
  readonly sentence: string;
}

/**
 * How far the table is vouched for by the engine.
 * `holding`: no list of the engine yet, requests wait; `confirmed`; `unconfirmed`: the last known routes, engine out
 * of reach, same boot of the machine; `distrusted`: another boot, addresses may belong to others, 503.
 */
export type Trust = 'holding' | 'confirmed' | 'unconfirmed' | 'distrusted';

export interface TableSnapshot {
  readonly position: Position;
  readonly trust: Trust;
  readonly hosts: readonly HostEntry[];
}

/** It says nothing: the host is forgotten, and no entry of the table any more. */
export const isForgotten = ({ routes, sentence }: HostEntry): boolean =>
  routes.length === 0 && sentence === '';

/** Replaces whole hosts, or takes them away (`isForgotten`); a delta is applied at once or not at all. */
export interface TableDelta {
  readonly position: Position;
  readonly hosts: readonly HostEntry[];
}

/** A container that may be reachable in a moment: the engine told of its creation or start, and nobody has looked at it since. */
export interface Arrival {
  /** Of the container. */
  readonly key: string;
  /** What it asks for; nothing once it has arrived. */
  readonly hosts: readonly Host[];
}

/** The worker's table: a hash look-up by host. */
export interface RoutingTable {
  position: Position;
  trust: Trust;
  readonly hosts: Map<string, HostEntry>;
}

/** Identity of a target: one start of one container, never just an address; but on another network it is another one. */
export const targetKey = ({ container, startedAt, address, port }: Target): string =>
  `${container}@${startedAt}/${address}:${port}`;

export const createTable = (snapshot: TableSnapshot): RoutingTable => ({
  position: snapshot.position,
  trust: snapshot.trust,
  hosts: new Map(snapshot.hosts.map((entry) => [entry.host, entry])),
});
