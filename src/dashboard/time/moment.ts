/** A moment of the log as people type it, as the address bar and the API carry it, and as pages show it. */

/** What `at=` holds: an RFC 3339 instant or `position:N`; null is live. */
export type Moment = string | null;

/**
 * Whether what is recorded at `position`, at the instant `time` (RFC 3339), had happened by a moment. At a position it is
 * the position that tells: several events may be recorded in one millisecond.
 */
export function hadHappened(by: Moment, position: number, time: string): boolean {
  if (by === null) return true;
  return by.startsWith('position:') ? position <= Number(by.slice(9)) : Date.parse(time) <= Date.parse(by);
}

const units: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** @returns undefined if it is no moment; a future one is live */
export function parseMoment(text: string, now: number): Moment | undefined {
  const typed = text.trim().toLowerCase();
  if (typed === '' || typed === 'live' || typed === 'now') return null;
  const position = /^(?:#|position[: ])\s*(\d{1,15})$/.exec(typed)?.[1];
  if (position !== undefined) return `position:${position}`;
  const at = agoOf(typed, now) ?? clockOf(typed, now) ?? dateOf(text.trim());
  if (at === undefined) return undefined;
  return at >= now ? null : new Date(at).toISOString();
}

/** `10 min ago`, `an hour ago`, `2h`, `-30s`. */
function agoOf(typed: string, now: number): number | undefined {
  const [, count, unit] =
    /^-?\s*(an? (?=[a-z]+ ago$)|\d+(?:\.\d+)?)\s*([a-z]+)(?:\s+ago)?$/.exec(typed) ?? [];
  const size = unit === undefined ? undefined : units[unit[0]!];
  const known = /^(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)$/.test(unit ?? '');
  return known && size !== undefined ? now - (count!.startsWith('a') ? 1 : Number(count)) * size : undefined;
}

/** `14:03`, `14:03:20`, `2:03 pm`, `yesterday 14:03`, `yesterday at 9:00`: the last time that the clock here said so; one of today may be to come. */
function clockOf(typed: string, now: number): number | undefined {
  const [, day, hours, minutes, seconds = '0', half] =
    /^(?:(yesterday|today)\s+)?(?:at\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*(am|pm))?$/.exec(typed) ?? [];
  if (hours === undefined || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const hour = half === undefined ? Number(hours) : (Number(hours) % 12) + (half === 'pm' ? 12 : 0);
  if (hour > 23 || (half !== undefined && (Number(hours) < 1 || Number(hours) > 12))) return undefined;
  const date = new Date(now);
  date.setHours(hour, Number(minutes), Number(seconds), 0);
  if (day === 'yesterday' || (day === undefined && date.getTime() > now)) date.setDate(date.getDate() - 1);
  return date.getTime();
}

/** `2026-11-23`, `2026-11-23 14:03`, RFC 3339. */
function dateOf(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}:?\d{2})?)?$/i.test(text))
    return undefined;
  if (isNoDay(text)) return undefined;
  const at = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text.replace(' ', 'T'));
  return Number.isNaN(at) ? undefined : at;
}

/**
 * Whether a text begins with a date that no calendar has. To JavaScript the 31st of February is the 3rd of March.
 * The command line has the same: neither client imports the other, nor the service.
 */
export function isNoDay(text: string): boolean {
  const [date] = /^\d{4}-\d{2}-\d{2}/.exec(text.trim()) ?? [];
  if (date === undefined) return false;
  const midnight = Date.parse(`${date}T00:00Z`);
  return Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(date);
}

const clockFormat = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const yearFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const fullFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' });

export const clock = (at: number): string => clockFormat.format(at);
export const fullTime = (at: number): string => fullFormat.format(at);

/** For the ticks of an axis, `step` milliseconds apart. */
export function tickTime(at: Date, step: number): string {
  const midnight = at.getHours() + at.getMinutes() + at.getSeconds() === 0;
  if (step >= 86_400_000 || midnight) return dayFormat.format(at);
  return step >= 60_000 ? clock(at.getTime()).slice(0, 5) : clock(at.getTime());
}

/** The clock time, with the day unless that is today's, and the year unless that is this one. */
export function shortTime(at: number, now = Date.now()): string {
  const [day, today] = [new Date(at), new Date(now)];
  if (day.toDateString() === today.toDateString()) return clock(at);
  const format = day.getFullYear() === today.getFullYear() ? dayFormat : yearFormat;
  return `${format.format(at)} ${clock(at)}`;
}

/** `12 s`, `4 min`, `3 h 20 min`, `5 d`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 || hours > 9 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d`;
}
