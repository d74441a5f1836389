/** Hosts as clients spell them: few, again and again, so each is parsed once. */
import type { Host } from '../events/ids.ts';
import { parseHost } from '../routing/host.ts';

export interface SentHost {
  readonly host: Host;
  /** `80` where none is written. */
  readonly port: string;
}

/** @param sent a `Host` field @returns null if it is no host */
export type SentHosts = (sent: string) => SentHost | null;

/** Beyond, it starts anew: whoever sends names that are made up gains nothing but to have them parsed. */
const remembered = 1_000;

export function createSentHosts(): SentHosts {
  const known = new Map<string, SentHost>();
  return (sent) => {
    const found = known.get(sent);
    if (found !== undefined) return found;
    const host = parseHost(sent);
    if (host === null) return null;
    const made = { host, port: portOf(sent) };
    if (known.size >= remembered) known.clear();
    known.set(sent, made);
    return made;
  };
}

export function portOf(host: string): string {
  const port = /:(\d+)$/.exec(host.slice(host.lastIndexOf(']') + 1))?.[1];
  return port === undefined ? '80' : String(Number(port));
}
