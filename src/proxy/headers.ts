/** Header fields on their way through: fields of one hop removed, forwarding fields set, all else untouched and in order. */
import type { IncomingMessage } from 'node:http';

/** RFC 9110 7.6.1, and what of older proxies is still sent. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Set by us. In one form: other spellings (`X_Forwarded_For`) mean the same to CGI-like upstreams and are dropped, too. */
const forwarding = new Set([
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-real-ip',
  'forwarded',
]);

/** Our own hop header: finds a request that comes back to this proxy. */
export const hopHeader = 'x-portolan-hop';

/** Fields that no `Connection` may remove: the upstream relies on them. */
const kept = new Set(['host', 'content-length', hopHeader, ...forwarding]);

export interface Hop {
  /** The socket's peer. */
  readonly peer: string;
  readonly port: number;
  /** Whether the peer's forwarding fields are believed. */
  readonly trusted: boolean;
  readonly host: string;
  /** This process, for finding loops. */
  readonly self: string;
}

const dashed = (name: string): string => name.toLowerCase().replace(/[_.]/g, '-');

/** Fields that `Connection` names, lower case. */
function named(rawHeaders: readonly string[]): Set<string> {
  const names = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]!.length !== 10 || rawHeaders[index]!.toLowerCase() !== 'connection') continue;
    for (const part of rawHeaders[index + 1]!.split(',')) {
      const name = part.trim().toLowerCase();
      if (!kept.has(name)) names.add(name);
    }
  }
  return names;
}

/** @returns names and values in turn, for the upstream; framing and `Host` are the caller's to add */
export function requestHeaders(req: IncomingMessage, hop: Hop): string[] {
  const { rawHeaders } = req;
  const dropped = named(rawHeaders);
  const fields: string[] = [];
  const believed = new Map<string, string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    const value = rawHeaders[index + 1]!;
    const lower = name.toLowerCase();
    if (lower === 'host' || lower === 'content-length' || lower === 'expect' || lower === hopHeader) continue;
    if (hopByHop.has(lower) || dropped.has(lower)) continue;
    if (!forwarding.has(dashed(lower))) fields.push(name, value);
    else if (hop.trusted && forwarding.has(lower)) believed.set(lower, join(believed.get(lower), value));
  }
  fields.push(...forwardingFields(believed, hop));
  const earlier = req.headers[hopHeader];
  fields.push('X-Portolan-Hop', join(Array.isArray(earlier) ? earlier.join(', ') : earlier, hop.self));
  return fields;
}

/** Whether a request has been through this process before. */
export function isLoop(req: IncomingMessage, self: string): boolean {
  const hops = req.headers[hopHeader];
  return (
    hops !== undefined &&
    String(hops)
      .split(',')
      .some((hop) => hop.trim() === self)
  );
}

/** RFC 7239, and the de facto `X-Forwarded-*`. */
function forwardingFields(believed: ReadonlyMap<string, string>, hop: Hop): string[] {
  const { peer, port, host } = hop;
  const proto = believed.get('x-forwarded-proto') ?? 'http';
  const client = believed.get('x-real-ip') ?? believed.get('x-forwarded-for')?.split(',')[0]?.trim() ?? peer;
  const node = peer.includes(':') ? `"[${peer}]"` : peer;
  return [
    'X-Forwarded-For',
    join(believed.get('x-forwarded-for'), peer),
    'X-Forwarded-Proto',
    proto,
    'X-Forwarded-Host',
    believed.get('x-forwarded-host') ?? host,
    'X-Forwarded-Port',
    believed.get('x-forwarded-port') ?? String(port),
    'X-Real-IP',
    client,
    'Forwarded',
    join(believed.get('forwarded'), `for=${node};host="${host}";proto=http`),
  ];
}

/** @returns names and values in turn, for the client; `Content-Length` stays, as the body is passed on byte by byte */
export function responseHeaders(rawHeaders: readonly string[]): string[] {
  const dropped = named(rawHeaders);
  const fields: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const lower = rawHeaders[index]!.toLowerCase();
    if (hopByHop.has(lower) || dropped.has(lower)) continue;
    fields.push(rawHeaders[index]!, rawHeaders[index + 1]!);
  }
  return fields;
}

const join = (before: string | undefined, value: string): string =>
  before === undefined || before === '' ? value : `${before}, ${value}`;
