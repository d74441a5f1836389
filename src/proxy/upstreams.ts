/** Connections to upstreams: each start of each container has its own, never an address. */
import type { Target } from '../events/decisions.ts';
import { targetKey } from '../routing/table.ts';
import type { AnswerListener, Attempt, UpstreamRequest } from './attempt.ts';
import { createDial, Dispatched, type Link } from './dispatch.ts';
import type { ProxyLimits } from './messages.ts';
import { sendOnce } from './one-shot.ts';

export interface Upstreams {
  /** @param fresh on a new connection, as a kept one has just turned out to be closed */
  send(target: Target, request: UpstreamRequest, listener: AnswerListener, fresh: boolean): Attempt;
  /** No new requests will come: idle connections go at once. */
  leave(key: string): void;
  /** It is in the table again. */
  comeBack(key: string): void;
  /** Ends what still runs. */
  end(key: string): void;
  /** Whether attempts are under way. */
  busy(key: string): boolean;
  close(): void;
}

/** The connections of one target. */
interface Group {
  readonly idle: Link[];
  readonly busy: Set<Link>;
  /** One-shot attempts, by their way to end. */
  readonly single: Set<() => void>;
  left: boolean;
}

const ended = (): Error => new Error('the container has left');

export function createUpstreams(limits: ProxyLimits): Upstreams {
  const groups = new Map<string, Group>();
  const dial = createDial(limits);

  function groupOf(key: string): Group {
    let group = groups.get(key);
    if (group === undefined) {
      group = { idle: [], busy: new Set(), single: new Set(), left: false };
      groups.set(key, group);
    }
    return group;
  }

  /** The one used last: the others may grow old and close. */
  function take(group: Group, target: Target, fresh: boolean): Link {
    const link = (fresh ? undefined : group.idle.pop()) ?? connect(group, target);
    group.busy.add(link);
    return link;
  }

  function connect(group: Group, target: Target): Link {
    const link = dial(target);
    link.client.on('disconnect', () => forget(group, link));
    return link;
  }

  /** A connection that is closed is not opened again unless a request waits on it. */
  function forget(group: Group, link: Link): void {
    const at = group.idle.indexOf(link);
    if (at === -1) return;
    group.idle.splice(at, 1);
    void link.client.destroy();
  }

  function giveBack(group: Group, link: Link, keep: boolean): void {
    if (!group.busy.delete(link)) return;
    if (keep && !group.left && link.isOpen()) group.idle.push(link);
    // Not within undici's own call to us.
    else setImmediate(() => void link.client.destroy());
  }

  function endAll(key: string): void {
    const group = groups.get(key);
    if (group === undefined) return;
    groups.delete(key);
    group.left = true;
    for (const link of [...group.idle, ...group.busy]) void link.client.destroy(ended());
    for (const end of [...group.single]) end();
  }

  return {
    send(target, request, listener, fresh) {
      const group = groupOf(targetKey(target));
      // undici neither waits for 100 Continue nor asks about the server as a whole.
      if (request.expectsContinue || request.path === '*')
        return sendOnce(target, request, listener, limits, group.single);
      const link = take(group, target, fresh);
      return new Dispatched(link, request, listener, (keep) => giveBack(group, link, keep)).start();
    },
    leave(key) {
      const group = groups.get(key);
      if (group === undefined) return;
      group.left = true;
      for (const link of group.idle.splice(0)) void link.client.destroy();
      if (group.busy.size === 0 && group.single.size === 0) groups.delete(key);
    },
    comeBack(key) {
      const group = groups.get(key);
      if (group !== undefined) group.left = false;
    },
    end: endAll,
    busy(key) {
      const group = groups.get(key);
      return group !== undefined && group.busy.size + group.single.size > 0;
    },
    close() {
      for (const key of [...groups.keys()]) endAll(key);
    },
  };
}
