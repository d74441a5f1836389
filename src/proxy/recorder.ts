/** Follows each exchange from its head to its end, and tells what became of it. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { accessLine, type Requester } from './access-line.ts';
import type { AccessLog } from './access-log.ts';
import { type IsTrusted, peerAddress } from './client.ts';
import { ExchangeRecord } from './exchange-record.ts';
import type { Accepted } from './request-check.ts';
import { createRequestIds } from './request-ids.ts';
import type { TrafficNotes } from './traffic.ts';
import type { ClientOf } from './visitor.ts';

export interface Recorder {
  /** @param accepted null for a request that is refused as it is */
  begin(req: IncomingMessage, accepted: Accepted | null): ExchangeRecord;
  /** @param complete the answer went out whole */
  end(record: ExchangeRecord, req: IncomingMessage, complete: boolean): void;
  /** A WebSocket, or the refusal of one, at the end of its connection. */
  endTunnel(record: ExchangeRecord, req: IncomingMessage, complete: boolean): void;
  /** A request that could not be read, or was answered before anybody looked at it. */
  unread(socket: Socket, status: number, reason: string): void;
}

export interface RecorderDeps {
  /** What each route carries. */
  readonly traffic: TrafficNotes;
  /** Null while it is off. */
  readonly accessLog: AccessLog | null;
  readonly isTrusted: IsTrusted;
  readonly clientOf: ClientOf;
  readonly now: () => number;
}

export function createRecorder(deps: RecorderDeps): Recorder {
  const { traffic, accessLog, isTrusted, clientOf, now } = deps;
  const ids = createRequestIds();

  function note(record: ExchangeRecord, requester: Requester): void {
    accessLog?.write(accessLine(record, requester, performance.now(), now()));
  }

  function requesterOf(req: IncomingMessage, kind: Requester['kind'], complete: boolean): Requester {
    return {
      client: clientOf(req),
      method: req.method ?? null,
      protocol: `HTTP/${req.httpVersion}`,
      kind,
      complete,
    };
  }

  return {
    begin(req, accepted) {
      const record = new ExchangeRecord();
      if (accepted !== null) {
        record.host = accepted.host;
        record.path = accepted.target;
      }
      if (accessLog === null) return record;
      // One in absolute form that is refused may hold credentials.
      if (accepted === null && req.url?.startsWith('/')) record.path = req.url;
      const given = accepted?.requestId ?? null;
      const believed = given !== null && isTrusted(peerAddress(req.socket.remoteAddress));
      record.requestId = ids.next(believed ? given : null);
      return record;
    },
    end(record, req, complete) {
      const { route, host, status, cut, started } = record;
      if (route !== null && route.id !== '')
        traffic.note({ id: route.id, host }, performance.now() - started, status >= 500 || cut);
      if (accessLog !== null) note(record, requesterOf(req, 'http', complete));
    },
    endTunnel(record, req, complete) {
      if (accessLog !== null) note(record, requesterOf(req, 'websocket', complete));
    },
    unread(socket, status, reason) {
      if (accessLog === null) return;
      const record = new ExchangeRecord();
      record.status = status;
      record.reason = reason;
      const client = peerAddress(socket.remoteAddress);
      note(record, { client, method: null, protocol: null, kind: 'http', complete: true });
    },
  };
}
