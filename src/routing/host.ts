/** Host names in one form, and what of a container's name becomes one. */
import { createHash } from 'node:crypto';
import type { Host } from '../events/ids.ts';

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * The host of a `Host` field or a label in its one form: lower case, without port and trailing dot.
 * IPv6 literals keep their brackets. Null if it is no host (RFC 3986 3.2.2, RFC 9110 7.2; `_` is allowed, as containers use it).
 */
export function parseHost(text: string): Host | null {
  const lower = text.toLowerCase();
  if (lower.startsWith('[')) return parseBracketed(lower);
  const colon = lower.indexOf(':');
  if (colon !== -1 && !isPort(lower.slice(colon + 1))) return null;
  const name = (colon === -1 ? lower : lower.slice(0, colon)).replace(/\.$/, '');
  if (name.length === 0 || name.length > 253) return null;
  return name.split('.').every((part) => label.test(part)) ? (name as Host) : null;
}

/** Labels of host names that a container's name answers as: `happy_hopper` gives `happy-hopper` and itself. */
export function hostLabels(name: string): string[] {
  const lower = name.toLowerCase();
  const strict = shorten(lower.replace(/[^a-z0-9-]/g, '-').replace(/^-+|-+$/g, '') || 'x');
  const asIs = lower.replace(/[^a-z0-9_-]/g, '-');
  return asIs !== strict && label.test(asIs) ? [strict, asIs] : [strict];
}

/** A label over 63 characters (RFC 1035 2.3.4) is cut and ends in a hash of the whole. */
function shorten(text: string): string {
  if (text.length <= 63) return text;
  return `${text.slice(0, 54)}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
}

function parseBracketed(lower: string): Host | null {
  const end = lower.indexOf(']');
  if (end === -1 || !/^[0-9a-f:.]+$/.test(lower.slice(1, end))) return null;
  const rest = lower.slice(end + 1);
  if (rest !== '' && !(rest.startsWith(':') && isPort(rest.slice(1)))) return null;
  return lower.slice(0, end + 1) as Host;
}

const isPort = (text: string): boolean => /^\d{0,5}$/.test(text) && Number(text) <= 65535;
