/** Header fields on their way through: fields of one hop removed, forwarding fields set, all else untouched and in order. */
import { type IsTrusted, originOf } from './client.ts';
import { type FieldNames, isProtected } from './field-names.ts';
import type { Accepted } from './request-check.ts';

export interface Hop {
  /** The socket's peer. */
  readonly peer: string;
  readonly isTrusted: IsTrusted;
  /** This process, for finding loops. */
  readonly self: string;
  /** Sent in place of any other; null to leave what there is. */
  readonly requestId: string | null;
}

/** Proxies of our kind in a row before it is taken for a loop. */
const mostHops = 16;

/** Whether a request has been through this process before, or through too many like it. */
export function isLoop(hops: string, self: string): boolean {
  if (hops === '') return false;
  const ids = hops.split(',').map((hop) => hop.trim());
  return ids.length >= mostHops || ids.includes(self);
}

/** @returns names and values in turn, for the upstream, with `Host` and `Content-Length` */
export function requestHeaders(
  rawHeaders: readonly string[],
  request: Accepted,
  hop: Hop,
  names: FieldNames,
): string[] {
  const dropped = namedBy(request.connection);
  const trusted = hop.isTrusted(hop.peer);
  let believed: Map<string, string> | null = null;
  const fields = ['Host', request.sentHost];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    const { kind, lower } = names(name);
    if (kind === 'end-to-end' || (kind === 'request-id' && hop.requestId === null)) {
      if (dropped === null || !dropped.has(lower)) fields.push(name, rawHeaders[index + 1]!);
    } else if (kind === 'max-forwards') {
      if (request.maxForwards === null && !dropped?.has(lower)) fields.push(name, rawHeaders[index + 1]!);
    } else if (kind === 'claim') {
      if (trusted) fields.push(name, rawHeaders[index + 1]!);
    } else if (kind === 'te') {
      // The one use of TE that outlives the hop: the client takes trailers, and so do we.
      if (/(^|[,\s])trailers([,;\s]|$)/i.test(rawHeaders[index + 1]!)) fields.push('TE', 'trailers');
    } else if (kind === 'forwarding' && trusted) {
      believed ??= new Map();
      believed.set(lower, join(believed.get(lower), rawHeaders[index + 1]!));
    }
  }
  if (!request.chunked && request.length !== null) fields.push('Content-Length', request.length);
  if (request.maxForwards !== null) fields.push('Max-Forwards', String(request.maxForwards - 1));
  addForwarding(fields, believed, request, hop);
  if (hop.requestId !== null) fields.push('X-Request-Id', hop.requestId);
  fields.push('X-Portolan-Hop', join(request.hops, hop.self));
  return fields;
}

/**
 * RFC 7239, and the de facto `X-Forwarded-*`.
 * @param believed what a trusted proxy has set; null for nothing
 */
function addForwarding(
  fields: string[],
  believed: ReadonlyMap<string, string> | null,
  { sentHost, port }: Accepted,
  { peer, isTrusted }: Hop,
): void {
  const chain = believed?.get('x-forwarded-for');
  const realIp = chain === undefined ? believed?.get('x-real-ip') : undefined;
  const node = peer.includes(':') ? `"[${peer}]"` : peer;
  fields.push(
    'X-Forwarded-For',
    join(chain, peer),
    'X-Forwarded-Proto',
    believed?.get('x-forwarded-proto') ?? 'http',
    'X-Forwarded-Host',
    believed?.get('x-forwarded-host') ?? sentHost,
    'X-Forwarded-Port',
    believed?.get('x-forwarded-port') ?? port,
    'X-Real-IP',
    realIp ?? originOf(chain, peer, isTrusted),
    'Forwarded',
    join(believed?.get('forwarded'), `for=${node};host="${sentHost}";proto=http`),
  );
}

/** What of an answer's framing its fields may tell. */
export interface Framing {
  /** Not in an answer that never has a body (1xx, 204; RFC 9110 8.6). */
  readonly length: boolean;
  /** Which trailers will follow: only where chunks leave room for them. */
  readonly trailer: boolean;
  /** Told to the client in place of the upstream's own; null to leave what there is. */
  readonly requestId: string | null;
}

/**
 * @param rawHeaders names and values in turn, as the upstream sent them
 * @returns names and values in turn, for the client; `Content-Length` stays, as the body is passed on byte by byte
 */
export function responseHeaders(
  rawHeaders: readonly string[],
  names: FieldNames,
  framing: Framing,
): string[] {
  const dropped = namedBy(fieldValue(rawHeaders, 'connection', names));
  const fields: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    const { kind, lower } = names(name);
    if (kind === 'hop' || kind === 'connection' || kind === 'transfer-encoding' || kind === 'te') continue;
    if ((kind === 'content-length' && !framing.length) || (kind === 'trailer' && !framing.trailer)) continue;
    if ((dropped?.has(lower) && !isProtected(kind)) || (kind === 'request-id' && framing.requestId !== null))
      continue;
    fields.push(name, rawHeaders[index + 1]!);
  }
  if (framing.requestId !== null) fields.push('X-Request-Id', framing.requestId);
  return fields;
}

/**
 * RFC 9110 6.5.1: what frames, routes, conditions, authenticates or controls means nothing in a trailer, or harm: some
 * servers put trailers among the header fields.
 */
export function trailerFields(rawTrailers: readonly string[], names: FieldNames): [string, string][] {
  const fields: [string, string][] = [];
  for (let index = 0; index < rawTrailers.length; index += 2) {
    const { kind, lower } = names(rawTrailers[index]!);
    if (kind !== 'end-to-end' || notInTrailers.has(lower)) continue;
    fields.push([rawTrailers[index]!, rawTrailers[index + 1]!]);
  }
  return fields;
}

const notInTrailers = new Set([
  'age',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'expires',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'location',
  'pragma',
  'range',
  'retry-after',
  'set-cookie',
  'vary',
  'www-authenticate',
]);

/** All values of a field in one; empty for none. */
export function fieldValue(rawHeaders: readonly string[], lower: string, names: FieldNames): string {
  let value = '';
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]!.length !== lower.length || names(rawHeaders[index]!).lower !== lower) continue;
    value = join(value, rawHeaders[index + 1]!);
  }
  return value;
}

/** What `Connection` names, lower case; null for nothing. There may be thousands, which are not looked up as names of fields are. */
function namedBy(connection: string): Set<string> | null {
  if (connection === '' || connection === 'keep-alive' || connection === 'close') return null;
  return new Set(
    connection
      .toLowerCase()
      .split(',')
      .map((one) => one.trim()),
  );
}

const join = (before: string | undefined, value: string): string =>
  before === undefined || before === '' ? value : `${before}, ${value}`;
