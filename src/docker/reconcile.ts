/** Holds the engine's list against what is known: all of it after each connection, differences from then on. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerId } from '../events/ids.ts';
import type { KnownContainer } from './engine.ts';
import type { Inspector } from './inspector.ts';
import { differs, type ListEntry } from './list.ts';

export interface ReconcilerOptions {
  readonly list: () => Promise<ListEntry[]>;
  readonly known: () => ReadonlyMap<ContainerId, KnownContainer>;
  readonly inspector: Inspector;
  /** Whether containers are reached by the addresses that a list shows, and not by published ports. */
  readonly addressesTell: boolean;
  /** Milliseconds on the engine's clock. */
  readonly now: () => number;
  /** Milliseconds until a difference is looked at again. */
  readonly confirm: number;
  readonly signal: AbortSignal;
}

export interface Reconciler {
  /**
   * Inspects what runs, what differs and what is gone; resolves when all of it has been delivered. Calls back before, as
   * soon as that holds for whatever the list does not show to be as it is known.
   */
  inspectAll(entries: readonly ListEntry[], onConfirmed: () => void): Promise<void>;
  /** Containers that differ from what is known, still do so after a while, and that no signal announced. */
  findDrifts(): Promise<ContainerId[]>;
  /** A signal of this container came: a difference that goes with it is no drift. */
  announced(container: ContainerId): void;
}

export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { list, known, inspector, now, confirm, signal } = options;
  let announced = new Set<ContainerId>();
  let announcedBefore = new Set<ContainerId>();

  async function inspectAll(entries: readonly ListEntry[], onConfirmed: () => void): Promise<void> {
    const before = known();
    const running = entries.filter((entry) => entry.status === 'running' || entry.status === 'paused');
    const doubtful = running.filter((entry) => !options.addressesTell || !hasAddresses(entry));
    const first = new Set([...differences(entries, before, now()), ...doubtful.map(({ id }) => id)]);
    await inspectInOrder(first, entries, before);
    if (signal.aborted) return;
    onConfirmed();
    // What runs is inspected in any case: the list does not show all, e.g. a restart that was missed.
    const rest = running.filter(({ id }) => !first.has(id));
    await Promise.all(rest.map(({ id }) => inspector.inspect(id, 'list')));
  }

  /**
   * One that is gone waits for the one that has its name now: nobody saw their owner without a container, so nobody who
   * waits for their hosts may get them.
   */
  async function inspectInOrder(
    ids: ReadonlySet<ContainerId>,
    entries: readonly ListEntry[],
    before: ReadonlyMap<ContainerId, KnownContainer>,
  ): Promise<void> {
    const listed = new Map(entries.map(({ id, name }) => [name, id]));
    const there = new Set(entries.map(({ id }) => id));
    const asked = new Map(
      [...ids].filter((id) => there.has(id)).map((id) => [id, inspector.inspect(id, 'list')]),
    );
    const gone = [...ids].filter((id) => !there.has(id));
    const after = gone.map(async (id) => {
      await asked.get(listed.get(before.get(id)?.name ?? '') ?? id);
      await inspector.inspect(id, 'list');
    });
    await Promise.all([...asked.values(), ...after]);
  }

  async function findDrifts(): Promise<ContainerId[]> {
    const first = new Set(differences(await list(), known(), now()));
    if (first.size > 0) await sleep(confirm, undefined, { signal });
    const entries = first.size === 0 ? [] : await list();
    const before = known();
    const still = first.size === 0 ? [] : differences(entries, before, now()).filter((id) => first.has(id));
    // Inspected in either case; only those that came without a word count.
    const silent = still.filter((id) => !announced.has(id) && !announcedBefore.has(id));
    void inspectInOrder(new Set(still), entries, before);
    announcedBefore = announced;
    announced = new Set();
    return silent;
  }

  return {
    inspectAll,
    findDrifts,
    announced(container) {
      announced.add(container);
    },
  };
}

/** Without any of its own it is reached by another's, by the host's, or by an IPv6 address that is not looked at here. */
const hasAddresses = ({ addresses }: ListEntry): boolean =>
  addresses.size > 0 && [...addresses.values()].every((address) => address !== '');

function differences(
  entries: readonly ListEntry[],
  known: ReadonlyMap<ContainerId, KnownContainer>,
  now: number,
): ContainerId[] {
  const listed = new Set(entries.map(({ id }) => id));
  const changed = entries.filter((entry) => differs(entry, known.get(entry.id), now)).map(({ id }) => id);
  const absent = [...known.keys()].filter((id) => !listed.has(id));
  return [...changed, ...absent];
}
