/** Moments as people type them, as the API takes them: an RFC 3339 instant or `position:N`. */
import { InvalidArgumentError } from 'commander';

/** Milliseconds. A unit is known by its whole name: `10 months ago` must not be ten minutes. */
const units: readonly (readonly [RegExp, number])[] = [
  [/^(s|secs?|seconds?)$/, 1_000],
  [/^(m|mins?|minutes?)$/, 60_000],
  [/^(h|hrs?|hours?)$/, 3_600_000],
  [/^(d|days?)$/, 86_400_000],
  [/^(w|weeks?)$/, 604_800_000],
];
export const momentsAllowed =
  '14:03, "yesterday 9:00", "2026-01-31 14:03", an RFC 3339 instant, 10m (ago), 2h, 3d, or position:N';

/**
 * A time of day is the last such time that has been, on this machine's clock.
 * @throws {InvalidArgumentError}
 */
export function parseMoment(text: string, now: number = Date.now()): string {
  const trimmed = text.trim();
  if (/^position:\d{1,15}$/.test(trimmed)) return trimmed;
  const typed = trimmed.toLowerCase();
  const at = typed === 'now' ? now : (agoOf(typed, now) ?? clockOf(typed, now) ?? dateOf(trimmed));
  if (at === null)
    throw new InvalidArgumentError(
      `${isNoDay(trimmed) ? 'There is no such day. ' : ''}Allowed: ${momentsAllowed}.`,
    );
  return new Date(at).toISOString();
}

/** `10m`, `10 min ago`, `an hour ago`. */
function agoOf(typed: string, now: number): number | null {
  const [, count, unit] = /^(an? (?=[a-z]+ ago$)|\d{1,6})\s*([a-z]+)(?:\s+ago)?$/.exec(typed) ?? [];
  const size = units.find(([name]) => name.test(unit ?? ''))?.[1];
  if (count === undefined || size === undefined) return null;
  return now - (count.startsWith('a') ? 1 : Number(count)) * size;
}

/** `14:03`, `14:03:20`, `2:03 pm`, `yesterday at 9:00`. */
function clockOf(typed: string, now: number): number | null {
  const [, day, hours, minutes, seconds = '0', half] =
    /^(?:(yesterday|today)\s+)?(?:at\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*(am|pm))?$/.exec(typed) ?? [];
  if (hours === undefined || Number(minutes) > 59 || Number(seconds) > 59) return null;
  const hour = half === undefined ? Number(hours) : (Number(hours) % 12) + (half === 'pm' ? 12 : 0);
  if (hour > 23 || (half !== undefined && (Number(hours) < 1 || Number(hours) > 12))) return null;
  const at = new Date(now);
  at.setHours(hour, Number(minutes), Number(seconds), 0);
  if (day === 'yesterday' || (day === undefined && at.getTime() > now)) at.setDate(at.getDate() - 1);
  return at.getTime();
}

/** `2026-01-31`, `2026-01-31 14:03`, RFC 3339. */
function dateOf(text: string): number | null {
  const [, date, time] =
    /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?))?$/i.exec(text) ??
    [];
  if (date === undefined || isNoDay(date)) return null;
  const at = Date.parse(`${date}T${(time ?? '00:00').toUpperCase()}`);
  return Number.isNaN(at) ? null : at;
}

/** Whether a text begins with a date that no calendar has. To JavaScript the 31st of February is the 3rd of March. */
function isNoDay(text: string): boolean {
  const [date] = /^\d{4}-\d{2}-\d{2}/.exec(text) ?? [];
  if (date === undefined) return false;
  const midnight = Date.parse(`${date}T00:00Z`);
  return Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(date);
}
