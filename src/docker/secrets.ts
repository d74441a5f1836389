/** Which env variables and labels may be kept as they are; the rest leaves only a keyed digest, or nothing. */
import { createHmac } from 'node:crypto';

/** Turns a value into `hmac:` and the hex HMAC-SHA256 under a key that lies outside the log. */
export type Conceal = (value: string) => string;

export const createConceal =
  (key: Uint8Array): Conceal =>
  (value) =>
    `hmac:${createHmac('sha256', key).update(value).digest('hex')}`;

/** Labels under these are configuration that people meant to be read. `caddy` numbers its own: `caddy_1.…`. */
const families =
  /^(portolan\.|traefik\.|caddy(_\d+)?($|\.)|com\.docker\.(compose|swarm|stack)\.|org\.opencontainers\.)/;
/** Ours, whatever words a route's NAME is made of. */
const ownLabels =
  /^portolan\.(enable|host|port|path|network|service|command-id|routes\.[^.]+\.(host|path|port))$/;
const credentialWord =
  /(users?|pass|passwd|password|passphrase|pwd|tokens?|secrets?|keys?|auth|authorization|credentials?|cookies?)$/;
/** Password hashes, user and password in a URL, HTTP credentials. */
const credentialValue =
  /\$2[abxy]?\$|\$apr1\$|\$[156]\$|\{SHA\}|:\/\/[^/@:\s]*:[^/@\s]+@|[Aa]uthorization|\b([Bb]asic|[Bb]earer)\s+(?=\S*[0-9A-Z=])\S{8,}/;

const keptEnv = /^(VIRTUAL_[A-Z0-9_]+|LETSENCRYPT_HOST|HTTPS_METHOD|NETWORK_ACCESS)$/;

/** Known families verbatim, all else (and what may be a credential) concealed; keys sorted, so that equal labels give equal bytes. */
export function keepLabels(
  labels: Readonly<Record<string, string>>,
  conceal: Conceal,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const key of Object.keys(labels).sort()) {
    const value = labels[key]!;
    kept[key] = isOpenLabel(key, value) ? value : conceal(value);
  }
  return kept;
}

/** Variables known to steer reverse proxies; all others leave no trace. */
export function keepEnv(env: readonly string[], conceal: Conceal): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of env.map(splitAssignment).sort(byName)) {
    if (!keptEnv.test(name)) continue;
    kept[name] = isCredentialName(name) || credentialValue.test(value) ? conceal(value) : value;
  }
  return kept;
}

export function isOpenLabel(key: string, value: string): boolean {
  if (ownLabels.test(key)) return true;
  return families.test(key) && !isCredentialName(key) && !credentialValue.test(value);
}

export const isCredentialValue = (value: string): boolean => credentialValue.test(value);

/** True if any word of a name (`basicauth`, `api_key`, `clientSecret`) is one that names a credential. */
export const isCredentialName = (name: string): boolean =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .some((word) => credentialWord.test(word));

export function splitAssignment(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

const byName = ([a]: [string, string], [b]: [string, string]): number => (a < b ? -1 : a > b ? 1 : 0);
