/** One request as a line of the access log; `docs/operations.md` has its schema. */
import type { Target } from '../events/decisions.ts';
import type { ExchangeRecord } from './exchange-record.ts';

export interface Requester {
  /** As trusted proxies told it, else the peer. */
  readonly client: string;
  /** Null where the request could not be read. */
  readonly method: string | null;
  readonly protocol: string | null;
  readonly kind: 'http' | 'websocket';
  /** Whether the answer went out whole. */
  readonly complete: boolean;
}

/** Longer paths are cut, as they are written: a line stays within what a pipe takes at once. */
const longestPath = 2_048;

/** Without the query, which may hold secrets. Times are milliseconds. */
export function accessLine(record: ExchangeRecord, by: Requester, ended: number, wallClock: number): string {
  const { started, connectedAt, triedAt, firstByteAt, route } = record;
  const connect = connectedAt === 0 ? null : record.reused ? 0 : round(connectedAt - triedAt);
  return `{"time":"${new Date(wallClock - (ended - started)).toISOString()}","kind":"${by.kind}","client":${text(by.client)},"method":${text(by.method)},"protocol":${text(by.protocol)},"host":${text(record.host)},"path":${pathJson(record.path)},"status":${record.status || null},"complete":${by.complete},"bytes":${record.bytesOut},"received":${record.bytesIn},"route":${text(route?.id)},"target":${targetJson(record.target)},"position":${record.position || null},"duration":${round(ended - started)},"connect":${connect},"firstByte":${firstByteAt === 0 ? null : round(firstByteAt - started)},"retries":${record.retries},"requestId":${text(record.requestId)},"reason":${text(record.reason)}}\n`;
}

const round = (milliseconds: number): number => Math.round(milliseconds * 1_000) / 1_000;

const text = (value: string | null | undefined): string =>
  value === null || value === undefined || value === '' ? 'null' : JSON.stringify(value);

function pathJson(target: string): string {
  const query = target.search(/[?#]/);
  const path = target.slice(0, Math.min(query === -1 ? target.length : query, longestPath));
  const json = text(path);
  // Of quotes and backslashes each is two characters there.
  return json.length <= longestPath + 2 ? json : text(path.slice(0, longestPath / 2));
}

const known = new WeakMap<Target, string>();

/** Written once for each target. */
function targetJson(target: Target | null): string {
  if (target === null) return 'null';
  let json = known.get(target);
  if (json === undefined) {
    const { container, startedAt, name, address, port } = target;
    json = JSON.stringify({ container, startedAt, name, address, port });
    known.set(target, json);
  }
  return json;
}
