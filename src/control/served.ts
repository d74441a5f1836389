/** The table as the workers get it: what the log says, less the containers that are being ended right now. */
import type { ContainerId, Host, Position } from '../events/ids.ts';
import {
  type HostEntry,
  isForgotten,
  type TableDelta,
  type TableRoute,
  type TableSnapshot,
  targetKey,
} from '../routing/table.ts';

export interface Served {
  /** Takes a whole table in. @returns what is served of it */
  table(snapshot: TableSnapshot): TableSnapshot;
  /** Takes a change in. @returns what is served of it */
  delta(delta: TableDelta): TableDelta;
  /** What is served of an entry, without taking it in. */
  less(entry: HostEntry): HostEntry;
  /** Takes the targets of this start of a container out, until they have left the log's table or are put back. */
  withdraw(container: ContainerId, hosts: Iterable<Host>, how: Withdrawing): Withdrawal;
}

export interface Withdrawing {
  /** Whether it ends for certain; else it stays where nobody else is left to ask. */
  readonly certain: boolean;
  /** What is being done to it, e.g. `stopped`. */
  readonly word: string;
}

export interface Withdrawal {
  /** Keys of the targets that were taken out. */
  readonly targets: readonly string[];
  putBack(): void;
  /** Puts back what is still there after so many milliseconds: it did not end after all. */
  putBackAfter(milliseconds: number): void;
}

interface Hold extends Withdrawing {
  readonly targets: ReadonlySet<string>;
  readonly hosts: ReadonlySet<Host>;
  timer: NodeJS.Timeout | null;
}

/** @param send tells the workers */
export function createServed(send: (delta: TableDelta) => void): Served {
  /** As the log says. */
  const known = new Map<Host, HostEntry>();
  const holds = new Set<Hold>();
  let position = 0 as Position;

  function less(entry: HostEntry): HostEntry {
    if (holds.size === 0) return entry;
    const routes = entry.routes.map((route) => lessOf(entry.host, route, holds));
    if (routes.every((route, at) => route === entry.routes[at])) return entry;
    const served = routes.some((route) => route.targets.length > 0);
    return { host: entry.host, routes, sentence: served ? '' : (routes[0]?.sentence ?? '') };
  }

  function tell(hosts: Iterable<Host>): void {
    const entries = [...hosts].flatMap((host) => known.get(host) ?? []);
    if (entries.length > 0) send({ position, hosts: entries.map(less) });
  }

  function putBack(hold: Hold): void {
    if (!holds.delete(hold)) return;
    if (hold.timer !== null) clearTimeout(hold.timer);
    tell(hold.hosts);
  }

  /** What has left the log's table needs to be held back no more. */
  function dropSettled(): void {
    for (const hold of holds) {
      const entries = [...hold.hosts].flatMap((host) => known.get(host) ?? []);
      if (targetsIn(entries).some((key) => hold.targets.has(key))) continue;
      holds.delete(hold);
      if (hold.timer !== null) clearTimeout(hold.timer);
    }
  }

  return {
    table(snapshot) {
      known.clear();
      for (const entry of snapshot.hosts) known.set(entry.host, entry);
      position = snapshot.position;
      dropSettled();
      return { ...snapshot, hosts: snapshot.hosts.map(less) };
    },
    delta(delta) {
      for (const entry of delta.hosts) {
        if (isForgotten(entry)) known.delete(entry.host);
        else known.set(entry.host, entry);
      }
      position = delta.position;
      dropSettled();
      return { ...delta, hosts: delta.hosts.map(less) };
    },
    less,
    withdraw(container, wanted, how) {
      const hosts = new Set(wanted);
      const entries = [...hosts].flatMap((host) => known.get(host) ?? []);
      const targets = new Set(targetsIn(entries, container));
      const hold: Hold = { ...how, targets, hosts, timer: null };
      if (targets.size > 0) {
        holds.add(hold);
        tell(hosts);
      }
      return {
        targets: [...targets],
        putBack: () => putBack(hold),
        putBackAfter(milliseconds) {
          if (holds.has(hold)) hold.timer = setTimeout(putBack, milliseconds, hold).unref();
        },
      };
    },
  };
}

function targetsIn(entries: readonly HostEntry[], container?: ContainerId): string[] {
  const targets = entries.flatMap(({ routes }) => routes.flatMap((route) => route.targets));
  return targets.filter((one) => container === undefined || one.container === container).map(targetKey);
}

function lessOf(host: Host, route: TableRoute, holds: ReadonlySet<Hold>): TableRoute {
  const holdsOf = (key: string): Hold[] => [...holds].filter((hold) => hold.targets.has(key));
  const standing = route.targets.filter((target) => holdsOf(targetKey(target)).length === 0);
  if (standing.length === route.targets.length) return route;
  if (standing.length > 0) return { ...route, targets: standing };
  const uncertain = route.targets.filter(
    (target) => !holdsOf(targetKey(target)).some((hold) => hold.certain),
  );
  if (uncertain.length === route.targets.length) return route;
  const last = route.targets.at(-1)!;
  const word = holdsOf(targetKey(last)).find((hold) => hold.certain)?.word ?? 'ended';
  const sentence = `${host}${route.path === '/' ? '' : route.path} has no upstream: container ${last.name} is being ${word}.`;
  return { ...route, targets: uncertain, sentence: uncertain.length > 0 ? '' : sentence };
}
