/**
 * What of a request is refused before anything else: whatever two readers could frame or route in two ways (RFC 9112).
 * Node's parser has already refused bad chunks, bare CR, both lengths and the like; this is what it lets pass.
 */
import type { IncomingMessage } from 'node:http';
import { parseHost } from '../routing/host.ts';

export interface Refused {
  readonly status: 400 | 405 | 417 | 431 | 501 | 505;
  readonly reason: string;
}

/** A request that may be routed: its host in one form, and its target in origin form as the upstream gets it. */
export interface Accepted {
  readonly host: string;
  readonly target: string;
  readonly chunked: boolean;
  /** Null without Content-Length. */
  readonly length: string | null;
}

const bad = (reason: string): Refused => ({ status: 400, reason });

export function checkRequest(req: IncomingMessage, headerCount: number): Accepted | Refused {
  const { rawHeaders, httpVersion } = req;
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    return { status: 505, reason: `HTTP/${httpVersion} is not spoken here` };
  if (rawHeaders.length / 2 > headerCount)
    return { status: 431, reason: `more than ${headerCount} header fields` };
  const fields = collect(rawHeaders);
  if ('status' in fields) return fields;
  if (fields.chunked && httpVersion === '1.0') return bad('Transfer-Encoding in HTTP/1.0');
  if (req.method === 'CONNECT') return { status: 405, reason: 'CONNECT is not offered' };
  const target = originForm(req.url ?? '', req.method ?? '');
  if ('status' in target) return target;
  const host = fields.host ?? (httpVersion === '1.0' ? target.authority : null);
  if (host === null) return bad('no Host');
  const parsed = parseHost(host);
  if (parsed === null) return bad('Host is no host name');
  if (target.authority !== null && parseHost(target.authority) !== parsed) {
    return bad('the host of the request line and Host differ');
  }
  return { host: parsed, target: target.path, chunked: fields.chunked, length: fields.length };
}

interface Framing {
  host: string | null;
  length: string | null;
  chunked: boolean;
}

function collect(rawHeaders: readonly string[]): Framing | Refused {
  const found: Framing = { host: null, length: null, chunked: false };
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    const value = rawHeaders[index + 1]!;
    if (name === 'host') {
      if (found.host !== null) return bad('more than one Host');
      found.host = value;
    } else if (name === 'content-length') {
      if (found.length !== null) return bad('more than one Content-Length');
      if (!/^\d{1,16}$/.test(value)) return bad('Content-Length is no number');
      found.length = value;
    } else if (name === 'transfer-encoding') {
      if (found.chunked) return bad('more than one Transfer-Encoding');
      if (value.toLowerCase() !== 'chunked') {
        return { status: 501, reason: 'a Transfer-Encoding other than chunked is not understood' };
      }
      found.chunked = true;
    }
  }
  if (found.chunked && found.length !== null) return bad('both Content-Length and Transfer-Encoding');
  return found;
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
  return { path: rest.startsWith('/') ? rest : `/${rest}`, authority: absolute[1]! };
}
