/** Moments as people type them, as the API takes them: an RFC 3339 instant or `position:N`. */
import { InvalidArgumentError } from 'commander';

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
export const momentsAllowed =
  '14:03, "yesterday 9:00", "2026-01-31 14:03", an RFC 3339 instant, 10m (ago), 2h, 3d, or position:N';

/**
 * A time of day is the last such time that has been, on this machine's clock.
 * @throws {InvalidArgumentError}
 */
export function parseMoment(text: string, now: number = Date.now()): string {
  const trimmed = text.trim();
  if (/^position:\d{1,15}$/.test(trimmed)) return trimmed;
  const ago = /^(an? (?=[a-z]+ ago$)|\d{1,6})\s*(s|m|h|d|w)(?:[a-z]*)?(?:\s+ago)?$/i.exec(trimmed);
  if (ago !== null) {
    const count = /^a/i.test(ago[1]!) ? 1 : Number(ago[1]);
    return new Date(now - count * seconds[ago[2]!.toLowerCase()]! * 1_000).toISOString();
  }
  if (/^now$/i.test(trimmed)) return new Date(now).toISOString();
  const time = /^(?:(yesterday|today)\s+)?(?:at\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?$/i.exec(trimmed);
  if (time !== null)
    return lastTime(
      time.slice(2).map((part) => Number(part ?? 0)),
      now,
      time[1]?.toLowerCase() === 'yesterday',
    );
  const date = /^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/i;
  const instant = date.test(trimmed)
    ? Date.parse(/T| /i.test(trimmed) ? trimmed.replace(' ', 'T') : `${trimmed}T00:00`)
    : Number.NaN;
  if (!Number.isNaN(instant)) return new Date(instant).toISOString();
  throw new InvalidArgumentError(`Allowed: ${momentsAllowed}.`);
}

function lastTime(
  [hour = 0, minute = 0, second = 0]: readonly number[],
  now: number,
  yesterday: boolean,
): string {
  if (hour > 23 || minute > 59 || second > 59) throw new InvalidArgumentError(`Allowed: ${momentsAllowed}.`);
  const at = new Date(now);
  at.setHours(hour, minute, second, 0);
  if (yesterday || at.getTime() > now) at.setDate(at.getDate() - 1);
  return at.toISOString();
}
