/** Carries WebSocket upgrades: finds a target that accepts, opens the tunnel, ends it when its target has left. */
import type { Socket } from 'node:net';
import type { Target } from '../events/decisions.ts';
import { targetKey } from '../routing/table.ts';
import { dial } from './dial.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import { gaveNoUsableAnswer, refusesConnections, tookNoConnection, wasTooSlow } from './failure-sentences.ts';
import type { ForwardDeps } from './forward.ts';
import { Patience } from './start-grace.ts';
import { createTunnels } from './tunnel.ts';

export interface Upgrade {
  readonly socket: Socket;
  /** What came after the request's head already. */
  readonly head: Buffer;
  readonly path: string;
  /** Names and values in turn, with `Host`. */
  readonly headers: readonly string[];
  readonly record: ExchangeRecord;
  /** Eligible targets by preference, asked again before each try; empty once the route is down. */
  readonly targets: () => readonly Target[];
  /** The tunnel is there: it may stand still from now on. */
  readonly onOpen: () => void;
  /** Answers instead of the upstream; nothing has been sent to the client yet. */
  readonly fail: (status: 502 | 503 | 504, sentence: string) => void;
}

export interface Upgrader {
  upgrade(upgrade: Upgrade): void;
  /** Ends the tunnels to a target. */
  end(key: string): void;
  open(): number;
  /** Tunnels to a target. */
  load(key: string): number;
  close(): void;
}

export type UpgraderDeps = Omit<ForwardDeps, 'upstreams' | 'unread'>;

export function createUpgrader(deps: UpgraderDeps): Upgrader {
  const { limits, names, counters, now } = deps;
  const openTunnel = createTunnels(names, limits.firstByteTimeout);
  const tunnels = new Map<Socket, string>();
  const loads = new Map<string, number>();

  function count(key: string, change: 1 | -1): void {
    const load = (loads.get(key) ?? 0) + change;
    if (load === 0) loads.delete(key);
    else loads.set(key, load);
  }

  function upgrade(upgrade: Upgrade): void {
    const { socket, record } = upgrade;
    const refused = new Set<string>();
    const patience = new Patience(limits.startGrace, now);
    let pause: NodeJS.Timeout | undefined;
    let dialing: Socket | null = null;
    // Only a tunnel has two halves: a client that asks for one and ends is gone, as with any request.
    const leave = (): void => void socket.destroy();
    socket.once('end', leave).once('close', () => {
      clearTimeout(pause);
      dialing?.destroy();
      const key = tunnels.get(socket);
      if (key !== undefined) count(key, -1);
      tunnels.delete(socket);
    });

    function tryNext(): void {
      if (socket.destroyed) return;
      const targets = upgrade.targets();
      const target = targets.find((one) => !refused.has(targetKey(one)));
      if (target !== undefined) {
        record.tried(target);
        dialing = dial(target, limits.connectTimeout, (error, upstream) => onDialed(target, error, upstream));
      } else if (targets[0] === undefined) upgrade.fail(503, '');
      else if (patience.isWorthWaiting(targets)) {
        refused.clear();
        pause = setTimeout(tryNext, patience.pause);
      } else if (patience.timedOut()) upgrade.fail(504, tookNoConnection(targets[0]));
      else upgrade.fail(502, refusesConnections(targets[0]));
    }

    function onDialed(target: Target, error: Error | null, upstream: Socket): void {
      dialing = null;
      if (socket.destroyed) upstream.destroy();
      else if (error === null && !deps.isCurrent(targetKey(target))) {
        // While it was dialled it left, and another container may have its address by now.
        upstream.destroy();
        refused.add(targetKey(target));
        tryNext();
      } else if (error === null) open(target, upstream);
      else {
        const { code = '' } = error as NodeJS.ErrnoException;
        if (code === 'EMFILE' || code === 'ENFILE') {
          deps.onExhausted(error);
          upgrade.fail(503, 'the proxy has no file descriptors left.');
          return;
        }
        deps.health.failed(target);
        refused.add(targetKey(target));
        patience.note(code);
        counters.retry();
        record.retries += 1;
        tryNext();
      }
    }

    function open(target: Target, upstream: Socket): void {
      tunnels.set(socket, targetKey(target));
      count(targetKey(target), 1);
      record.sending(false);
      openTunnel({
        client: socket,
        head: upgrade.head,
        upstream,
        target,
        path: upgrade.path,
        headers: upgrade.headers,
        requestId: record.requestId,
        onAnswer(status) {
          counters.passed(status);
          record.answered(status);
          if (status !== 101) return;
          socket.off('end', leave);
          upgrade.onOpen();
        },
        onFailure(error) {
          const late = (error as { code?: string }).code === 'UND_ERR_HEADERS_TIMEOUT';
          if (late) upgrade.fail(504, wasTooSlow(target, limits.firstByteTimeout));
          else upgrade.fail(502, gaveNoUsableAnswer(target, error));
        },
      });
    }

    // Without anybody reading, nobody would notice that the client is gone; up to a buffer of it waits.
    socket.read(0);
    tryNext();
  }

  return {
    upgrade,
    end(key) {
      for (const [socket, of] of tunnels) if (of === key) socket.destroy();
    },
    open: () => tunnels.size,
    load: (key) => loads.get(key) ?? 0,
    close() {
      for (const socket of tunnels.keys()) socket.destroy();
    },
  };
}
