/** Requests for a WebSocket: each is refused on its connection, or handed to the upgrader, which opens the tunnel. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { RoutingTable } from '../routing/table.ts';
import type { Arrivals } from './arrivals.ts';
import type { Connections } from './connections.ts';
import type { Counters } from './counters.ts';
import type { Directions } from './directions.ts';
import { isExplained, type OwnAnswer, rawAnswer } from './error-page.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import type { Hold } from './hold.ts';
import { endSoon } from './linger.ts';
import type { ProxySettings } from './messages.ts';
import type { Recorder } from './recorder.ts';
import type { Accepted } from './request-check.ts';
import type { Upgrader } from './upgrade.ts';

export interface Handshakes {
  /** @param head what came after the request's head already */
  take(req: IncomingMessage, socket: Socket, head: Buffer): void;
}

export interface HandshakesDeps {
  readonly explain: ProxySettings['explain'];
  readonly counters: Counters;
  readonly connections: Connections;
  readonly recorder: Recorder;
  readonly directions: Directions;
  readonly hold: Hold;
  readonly arrivals: Arrivals;
  readonly table: RoutingTable;
  readonly upgrader: Upgrader;
}

export function createHandshakes(deps: HandshakesDeps): Handshakes {
  const { explain, counters, connections, recorder, hold, arrivals, table, upgrader } = deps;
  const { check, find, targetsOf, downAnswer, headersFor } = deps.directions;

  function take(req: IncomingMessage, socket: Socket, head: Buffer): void {
    counters.upgrade();
    socket.on('error', () => socket.destroy());
    // An answer before it has not gone out yet: the tunnel's bytes would get mixed up with it.
    if (connections.current(socket) !== null) {
      socket.destroy();
      return;
    }
    const checked = check(req);
    const record = recorder.begin(req, 'sentence' in checked ? null : checked);
    const before = { read: socket.bytesRead - head.length, written: socket.bytesWritten };
    socket.once('close', (hadError) => {
      record.bytesIn = socket.bytesRead - before.read;
      record.bytesOut = socket.bytesWritten - before.written;
      recorder.endTunnel(record, req, !hadError);
    });
    const refuse = ({ status, sentence, retryAfter }: OwnAnswer): void => {
      counters.own(status);
      record.status = status;
      record.reason = sentence;
      endSoon(socket, rawAnswer(status, isExplained(req, explain) ? sentence : '', retryAfter));
    };
    if ('sentence' in checked) refuse(checked);
    else hold.pass(table.trust, () => serve(req, socket, head, record, checked, refuse));
  }

  function serve(
    req: IncomingMessage,
    socket: Socket,
    head: Buffer,
    record: ExchangeRecord,
    accepted: Accepted,
    refuse: (own: OwnAnswer) => void,
  ): void {
    if (socket.destroyed) return;
    const found = find(record, accepted);
    if (found.kind === 'route') openTunnel(req, socket, head, record, accepted, refuse);
    else
      arrivals.pass(found, {
        host: accepted.host,
        client: socket,
        find: () => find(record, accepted),
        go(later) {
          if (later.kind === 'route') openTunnel(req, socket, head, record, accepted, refuse);
          else refuse(later);
        },
      });
  }

  function openTunnel(
    req: IncomingMessage,
    socket: Socket,
    head: Buffer,
    record: ExchangeRecord,
    accepted: Accepted,
    refuse: (own: OwnAnswer) => void,
  ): void {
    upgrader.upgrade({
      socket,
      head,
      path: accepted.target,
      headers: headersFor(req, record, accepted),
      record,
      targets: () => targetsOf(req, record, accepted),
      onOpen: () => connections.letStand(socket),
      fail: (status, sentence) => refuse(downAnswer(accepted, status, sentence)),
    });
  }

  return { take };
}
