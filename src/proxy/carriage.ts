/** What carries requests to the targets of a table: pools, tunnels, health, choice, and a drain for those that have left. */
import type { TableSnapshot } from '../routing/table.ts';
import { type Balancer, createBalancer } from './balance.ts';
import { createCopies } from './copies.ts';
import type { Counters } from './counters.ts';
import { createDrain } from './drain.ts';
import type { FieldNames } from './field-names.ts';
import { createForward, type Forward } from './forward.ts';
import { createGarbage } from './garbage.ts';
import { createHealth } from './health.ts';
import { createHeldTable, type HeldTable } from './held-table.ts';
import type { ProxyLimits } from './messages.ts';
import { createUnreadClients } from './unread-clients.ts';
import { createUpgrader, type Upgrader } from './upgrade.ts';
import { createUpstreams } from './upstreams.ts';

export interface Carriage {
  /** A change of it ends what goes to a target that has left. */
  readonly held: HeldTable;
  readonly balancer: Balancer;
  readonly forward: Forward;
  readonly upgrader: Upgrader;
  /** Requests under way to a target; tunnels do not count. */
  load(key: string): number;
  close(): void;
}

export interface CarriageOptions {
  readonly table: TableSnapshot;
  readonly limits: ProxyLimits;
  readonly counters: Counters;
  readonly names: FieldNames;
  /** Milliseconds that requests to a target that has left have to end. */
  readonly drain: number;
  readonly now: () => number;
  /** No file descriptor was left for a connection. */
  readonly onExhausted: (error: Error) => void;
  /** Which targets are out of order, in words; null once none is. */
  readonly onHealth: (problem: string | null) => void;
}

export function createCarriage(options: CarriageOptions): Carriage {
  const { limits, counters, names, now, onExhausted } = options;
  const upstreams = createUpstreams(limits, names, now);
  const unread = createUnreadClients();
  const health = createHealth({ startGrace: limits.startGrace, now, onChange: options.onHealth });
  const isCurrent = (key: string): boolean => drain.isCurrent(key);
  const copies = createCopies();
  const garbage = createGarbage();
  const carrying = { limits, counters, copies, garbage, names, now, onExhausted, isCurrent, health };
  const upgrader = createUpgrader(carrying);
  const balancer = createBalancer({
    load: (key) => upstreams.load(key) + upgrader.load(key),
    inOrder: health.inOrder,
  });
  const drain = createDrain({
    grace: options.drain,
    onLeave: (key) => upstreams.leave(key),
    onReturn: (key) => upstreams.comeBack(key),
    onOver(key) {
      upstreams.end(key);
      upgrader.end(key);
    },
  });
  const held = createHeldTable(options.table, (before, after) => {
    drain.changed(before, after);
    health.changed(before, after);
    balancer.changed(before, after);
  });
  return {
    held,
    balancer,
    forward: createForward({ ...carrying, upstreams, unread }),
    upgrader,
    load: upstreams.load,
    close() {
      drain.close();
      health.close();
      unread.close();
      upgrader.close();
      upstreams.close();
    },
  };
}
