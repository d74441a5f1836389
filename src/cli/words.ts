/** How values read to people: times, ages, sizes, targets. */
import { bracketed } from '../events/address.ts';

/** `14:03:20` today, else with its date. On this machine's clock. */
export function clock(instant: string | null, now: number = Date.now()): string {
  if (instant === null) return '';
  const at = new Date(instant);
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return at.toDateString() === new Date(now).toDateString() ? time : `${date} ${time}`;
}

const two = (value: number): string => String(value).padStart(2, '0');

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** Of milliseconds, in its two largest units: `3h 12m`. */
export function duration(milliseconds: number): string {
  let rest = Math.max(0, Math.floor(milliseconds / 1_000));
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(' ') || '0s';
}

/** How long something took: short ones matter, too. */
export const took = (milliseconds: number): string =>
  milliseconds < 1_000 ? `${Math.max(0, milliseconds)}ms` : duration(milliseconds);

export const since = (instant: string | null, now: number = Date.now()): string =>
  instant === null ? '' : duration(now - Date.parse(instant));

export function bytes(count: number): string {
  const steps = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(steps.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(count, 1)) / 3)));
  const value = count / 1_000 ** step;
  return `${value.toFixed(step === 0 || value >= 100 ? 0 : 1)} ${steps[step]}`;
}

export const targetText = (target: {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}) => `${target.name} (${bracketed(target.address)}:${target.port})`;

export const matchText = (match: { readonly host: string; readonly path: string }): string =>
  match.path === '/' || match.path === '' ? match.host : `${match.host}${match.path}`;

export const actorText = (actor: { readonly kind: string; readonly name: string }): string =>
  actor.name === '' || actor.name === actor.kind ? actor.kind : `${actor.kind}:${actor.name}`;

/** The first characters of an id. */
export const shortId = (id: string): string => id.slice(0, 12);
