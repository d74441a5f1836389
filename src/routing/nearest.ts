/** Names that somebody may have meant. */
import { createEdits } from './edits.ts';

interface Found {
  readonly name: string;
  readonly edits: number;
}

/** The nearest names by Levenshtein distance, nearest first. @param farthest edits at most */
export function nearest(
  name: string,
  names: Iterable<string>,
  farthest = Number.POSITIVE_INFINITY,
  most = 1,
): string[] {
  const editsTo = createEdits(name);
  const found: Found[] = [];
  let bound = farthest;
  for (const other of names) {
    if (Math.abs(other.length - name.length) > bound) continue;
    const edits = editsTo(other, bound);
    if (edits > bound) continue;
    found.push({ name: other, edits });
    if (found.length <= most) continue;
    found.sort(byDistance).pop();
    bound = found.at(-1)!.edits;
  }
  return found.sort(byDistance).map((one) => one.name);
}

/**
 * Up to three hosts that may have been meant by one that is not known: those that it is the front of, as `web` is of
 * `web.docker.localhost`, then those that are spelled much like it.
 */
export function nearestHosts(host: string, hosts: readonly string[]): string[] {
  const whole = host.includes('.') ? [] : hosts.filter((other) => other.startsWith(`${host}.`)).sort();
  const alike = nearest(host, hosts, Math.max(2, Math.floor(ownLength(host) / 4)), most);
  return [...new Set([...whole, ...alike])].slice(0, most);
}

/** Letters before the last two labels: a domain that all share makes no two names alike. */
function ownLength(host: string): number {
  const last = host.lastIndexOf('.');
  return last <= 0 ? 0 : Math.max(0, host.lastIndexOf('.', last - 1));
}

const most = 3;

const byDistance = (one: Found, other: Found): number =>
  one.edits - other.edits || (one.name < other.name ? -1 : 1);
