/** What a header field is to a proxy, looked up by its name as it was written. */

export type FieldKind =
  | 'end-to-end'
  /** Of one hop (RFC 9110 7.6.1), and what older proxies still send. */
  | 'hop'
  | 'connection'
  | 'host'
  | 'content-length'
  | 'transfer-encoding'
  | 'te'
  | 'trailer'
  | 'expect'
  /** How many more intermediaries may pass an OPTIONS or a TRACE on. */
  | 'max-forwards'
  /** Who the request is from: set by us. */
  | 'forwarding'
  /** Says more of that (`X-Forwarded-Ssl`, `-Scheme`, `-Prefix`): passed on from trusted proxies only. */
  | 'claim'
  /** Our own, for finding loops. */
  | 'own-hop'
  /** `X-Request-Id`: ours while the access log is on. */
  | 'request-id'
  /** Another spelling (`X_Forwarded_For`, `X!Forwarded!For`) that CGI-like upstreams take for the field itself. */
  | 'alias';

export interface FieldName {
  readonly lower: string;
  readonly kind: FieldKind;
}

export type FieldNames = (name: string) => FieldName;

export const hopHeader = 'x-portolan-hop';

const kinds: ReadonlyMap<string, FieldKind> = new Map<string, FieldKind>([
  ['connection', 'connection'],
  ['host', 'host'],
  ['content-length', 'content-length'],
  ['transfer-encoding', 'transfer-encoding'],
  ['te', 'te'],
  ['trailer', 'trailer'],
  ['expect', 'expect'],
  ['max-forwards', 'max-forwards'],
  [hopHeader, 'own-hop'],
  ['x-request-id', 'request-id'],
  ['keep-alive', 'hop'],
  ['proxy-connection', 'hop'],
  ['proxy-authenticate', 'hop'],
  ['proxy-authorization', 'hop'],
  ['upgrade', 'hop'],
  ['http2-settings', 'hop'],
  // No field at all, but CGI-like upstreams would have it as HTTP_PROXY (CVE-2016-5385, "httpoxy").
  ['proxy', 'hop'],
  ['x-forwarded-for', 'forwarding'],
  ['x-forwarded-proto', 'forwarding'],
  ['x-forwarded-host', 'forwarding'],
  ['x-forwarded-port', 'forwarding'],
  ['x-real-ip', 'forwarding'],
  ['forwarded', 'forwarding'],
]);

/** Few different names are written: what was found is kept. Beyond this many it starts anew, so that names made up leave nothing. */
const remembered = 1_000;

export function createFieldNames(): FieldNames {
  const known = new Map<string, FieldName>();
  return (name) => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const made = classify(name);
    if (name.length > 64) return made;
    if (known.size >= remembered) known.clear();
    known.set(name, made);
    return made;
  };
}

function classify(name: string): FieldName {
  const lower = name.toLowerCase();
  const kind = kindOf(lower);
  if (kind !== undefined) return { lower, kind };
  // Some keep letters and digits only, and put the same in place of all else.
  const dashed = lower.replace(/[^a-z0-9]/g, '-');
  return { lower, kind: kindOf(dashed) === undefined ? 'end-to-end' : 'alias' };
}

const kindOf = (lower: string): FieldKind | undefined =>
  kinds.get(lower) ?? (lower.startsWith('x-forwarded-') ? 'claim' : undefined);

/** Kinds that `Connection` may name in vain: the other side relies on them. */
export const isProtected = (kind: FieldKind): boolean =>
  kind === 'host' ||
  kind === 'content-length' ||
  kind === 'forwarding' ||
  kind === 'claim' ||
  kind === 'own-hop';
