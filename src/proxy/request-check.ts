/**
 * What of a request is refused before anything else: whatever two readers could frame or route in two ways (RFC 9112).
 * Node's parser has already refused bad chunks, bare CR, both lengths and the like; this is what it lets pass.
 */
import { type IncomingMessage, METHODS } from 'node:http';
import { parseHost } from '../routing/host.ts';
import type { FieldNames } from './field-names.ts';
import { portOf, type SentHosts } from './sent-hosts.ts';

export interface Refused {
  readonly status: 400 | 405 | 417 | 431 | 501 | 505;
  readonly reason: string;
}

/** A request that may be routed: its host in one form, and its target in origin form as the upstream gets it. */
export interface Accepted {
  readonly host: string;
  /** `Host` as it was sent. */
  readonly sentHost: string;
  /** Of `Host`; 80 where it has none. */
  readonly port: string;
  readonly target: string;
  readonly chunked: boolean;
  /** Without leading zeros; null without Content-Length. */
  readonly length: string | null;
  readonly hasBody: boolean;
  /** All `Connection` fields in one; empty for none. */
  readonly connection: string;
  /** Proxies of our kind that it came through; empty for none. */
  readonly hops: string;
  /** `X-Request-Id`, the first of several; null for none. */
  readonly requestId: string | null;
  /** Of OPTIONS and TRACE: how many more intermediaries it may go through, us included. Null for any number. */
  readonly maxForwards: number | null;
}

// Not ICE's, whose protocol the parser takes for HTTP as well.
const methods: ReadonlySet<string> = new Set(METHODS.filter((method) => method !== 'SOURCE'));

const bad = (reason: string): Refused => ({ status: 400, reason });

export function checkRequest(
  req: IncomingMessage,
  names: FieldNames,
  hosts: SentHosts,
  headerCount: number,
): Accepted | Refused {
  const { rawHeaders, httpVersion } = req;
  const method = req.method ?? '';
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    return { status: 505, reason: `HTTP/${httpVersion} is not spoken here` };
  if (headerCount > 0 && rawHeaders.length / 2 > headerCount)
    return { status: 431, reason: `more than ${headerCount} header fields` };
  // The parser knows those of RTSP, too.
  if (!methods.has(method)) return bad('the method is none of HTTP');
  const fields = collect(rawHeaders, names);
  if ('status' in fields) return fields;
  const { chunked, length, connection, hops, requestId } = fields;
  if (chunked && httpVersion === '1.0') return bad('Transfer-Encoding in HTTP/1.0');
  if (method === 'CONNECT') return { status: 405, reason: 'CONNECT is not offered' };
  const target = originForm(req.url ?? '', method);
  if ('status' in target) return target;
  const sentHost = fields.host ?? (httpVersion === '1.0' ? target.authority : null);
  if (sentHost === null) return bad('no Host');
  const sent = hosts(sentHost);
  if (sent === null) return bad('Host is no host name');
  if (target.authority !== null && !isSameAuthority(target.authority, sentHost))
    return bad('the host of the request line and Host differ');
  const hasBody = chunked || (length !== null && length !== '0');
  const { host, port } = sent;
  const maxForwards = method === 'OPTIONS' || method === 'TRACE' ? fields.maxForwards : null;
  const { path } = target;
  return {
    host,
    sentHost,
    port,
    target: path,
    chunked,
    length,
    hasBody,
    connection,
    hops,
    requestId,
    maxForwards,
  };
}

interface Framing {
  host: string | null;
  length: string | null;
  chunked: boolean;
  connection: string;
  hops: string;
  requestId: string | null;
  maxForwards: number | null;
}

function collect(rawHeaders: readonly string[], names: FieldNames): Framing | Refused {
  const found: Framing = {
    host: null,
    length: null,
    chunked: false,
    connection: '',
    hops: '',
    requestId: null,
    maxForwards: null,
  };
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const { kind } = names(rawHeaders[index]!);
    if (kind === 'end-to-end') continue;
    const refused = take(found, kind, rawHeaders[index + 1]!);
    if (refused !== null) return refused;
  }
  if (found.chunked && found.length !== null) return bad('both Content-Length and Transfer-Encoding');
  return found;
}

function take(found: Framing, kind: string, value: string): Refused | null {
  switch (kind) {
    case 'host':
      if (found.host !== null) return bad('more than one Host');
      found.host = value;
      return null;
    case 'content-length':
      if (found.length !== null) return bad('more than one Content-Length');
      if (!/^\d{1,16}$/.test(value)) return bad('Content-Length is no number');
      // A careless upstream would read leading zeros as a sign of octal, and the end of the body as the next request.
      found.length = value.startsWith('0') ? value.replace(/^0+(?=\d)/, '') : value;
      return null;
    case 'transfer-encoding':
      if (found.chunked) return bad('more than one Transfer-Encoding');
      if (value.toLowerCase() !== 'chunked')
        return { status: 501, reason: 'a Transfer-Encoding other than chunked is not understood' };
      found.chunked = true;
      return null;
    case 'connection':
      found.connection = found.connection === '' ? value : `${found.connection},${value}`;
      return null;
    case 'own-hop':
      found.hops = found.hops === '' ? value : `${found.hops}, ${value}`;
      return null;
    case 'request-id':
      found.requestId ??= value;
      return null;
    case 'max-forwards':
      if (/^\d{1,9}$/.test(value)) found.maxForwards = Math.min(found.maxForwards ?? Infinity, Number(value));
      return null;
    default:
      return null;
  }
}

interface Target {
  readonly path: string;
  readonly authority: string | null;
}

/** RFC 9112 3.2: origin-form, absolute-form made to origin-form, `*` for OPTIONS only. */
function originForm(url: string, method: string): Target | Refused {
  if (/[^\x21-\x7e\x80-\xff]/.test(url)) return bad('the request target has a control character');
  if (url.includes('#')) return bad('the request target has a fragment');
  if (url.startsWith('/')) return { path: url, authority: null };
  if (url === '*')
    return method === 'OPTIONS' ? { path: '*', authority: null } : bad('* is for OPTIONS only');
  const absolute = /^http:\/\/([^/?#@]+)(\/[^#]*|\?[^#]*)?$/i.exec(url);
  if (absolute === null) return bad('the request target is neither a path nor an http URL');
  const rest = absolute[2] ?? '';
  // RFC 9112 3.2.4: OPTIONS of an absolute form without path asks about the server as a whole.
  if (rest === '' && method === 'OPTIONS') return { path: '*', authority: absolute[1]! };
  return { path: rest.startsWith('/') ? rest : `/${rest}`, authority: absolute[1]! };
}

/** The same host and port; `:80` is what `http` means without one. */
function isSameAuthority(authority: string, host: string): boolean {
  const one = parseHost(authority);
  return one !== null && one === parseHost(host) && portOf(authority) === portOf(host);
}
