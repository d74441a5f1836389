/** Connections to upstreams: each start of each container has its own, never an address. */
import type { Target } from '../events/decisions.ts';
import { targetKey } from '../routing/table.ts';
import type { AnswerListener, Attempt, UpstreamRequest } from './attempt.ts';
import type { FieldNames } from './field-names.ts';
import { Link } from './link.ts';
import type { ProxyLimits } from './messages.ts';

export interface Upstreams {
  /** @param fresh on a new connection, as a kept one has just turned out to be closed */
  send(target: Target, request: UpstreamRequest, listener: AnswerListener, fresh: boolean): Attempt;
  /** No new requests will come: idle connections go at once. */
  leave(key: string): void;
  /** It is in the table again. */
  comeBack(key: string): void;
  /** Ends what still runs. */
  end(key: string): void;
  /** Attempts under way. */
  load(key: string): number;
  close(): void;
}

/** The connections of one target. */
interface Group {
  /** The one used last at the end, as it is the next to be used: the others may grow old and close. */
  readonly idle: Link[];
  readonly all: Set<Link>;
  left: boolean;
  ended: boolean;
}

/** Milliseconds between two looks for connections that have been idle for too long. */
const sweepInterval = 500;

const ended = (): Error => new Error('the container has left');

export function createUpstreams(limits: ProxyLimits, names: FieldNames, now: () => number): Upstreams {
  const groups = new Map<string, Group>();
  /** By the table's own objects, as they stay the same between its changes. */
  const found = new WeakMap<Target, Group>();
  const memory = Buffer.allocUnsafeSlow(64 * 1024);

  function groupOf(target: Target): Group {
    const known = found.get(target);
    if (known !== undefined && !known.ended) return known;
    const key = targetKey(target);
    let group = groups.get(key);
    if (group === undefined) {
      group = { idle: [], all: new Set(), left: false, ended: false };
      groups.set(key, group);
    }
    found.set(target, group);
    return group;
  }

  function take(group: Group): Link | null {
    for (;;) {
      const link = group.idle.pop();
      if (link === undefined) return null;
      if (!isOld(link)) return link;
      link.destroy(ended());
    }
  }

  const isOld = (link: Link): boolean => link.idleUntil <= now();

  function connect(group: Group, target: Target): Link {
    const link = new Link(target, {
      limits,
      names,
      memory,
      onIdle(idle, idleFor) {
        if (group.left) idle.destroy(ended());
        else {
          idle.idleUntil = now() + idleFor;
          group.idle.push(idle);
        }
      },
      onGone(gone) {
        group.all.delete(gone);
        const at = group.idle.lastIndexOf(gone);
        if (at !== -1) group.idle.splice(at, 1);
      },
    });
    group.all.add(link);
    return link;
  }

  function end(key: string): void {
    const group = groups.get(key);
    if (group === undefined) return;
    groups.delete(key);
    group.left = true;
    group.ended = true;
    for (const link of [...group.all]) link.destroy(ended());
  }

  const sweep = setInterval(() => {
    for (const { idle } of groups.values()) for (const link of idle.filter(isOld)) link.destroy(ended());
  }, sweepInterval).unref();

  return {
    send(target, request, listener, fresh) {
      const group = groupOf(target);
      // Where the client waits to be asked for its body, a connection that is about to close would cost it the request.
      const kept = fresh || request.expectsContinue ? null : take(group);
      return (kept ?? connect(group, target)).send(request, listener);
    },
    leave(key) {
      const group = groups.get(key);
      if (group === undefined) return;
      group.left = true;
      for (const link of group.idle.splice(0)) link.destroy(ended());
      if (group.all.size === 0) end(key);
    },
    comeBack(key) {
      const group = groups.get(key);
      if (group !== undefined) group.left = false;
    },
    end,
    load(key) {
      const group = groups.get(key);
      return group === undefined ? 0 : group.all.size - group.idle.length;
    },
    close() {
      clearInterval(sweep);
      for (const key of [...groups.keys()]) end(key);
    },
  };
}
