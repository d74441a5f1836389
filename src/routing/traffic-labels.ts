/** What labels say about a route's traffic: how a target is chosen, and how its health is asked for. */
import type { Traffic } from '../events/decisions.ts';

/** Labels without their prefix `portolan.`. */
export const trafficNames = [
  'balance',
  'weight',
  'sticky',
  'health.path',
  'health.interval',
  'health.timeout',
  'health.threshold',
] as const;
type TrafficName = (typeof trafficNames)[number];

export const isTrafficName = (name: string): name is TrafficName =>
  (trafficNames as readonly string[]).includes(name);

export interface TrafficSettings {
  /** Null where no label says anything. */
  readonly traffic: Traffic | null;
  /** The container's share among its replicas; null where it is not said. */
  readonly weight: number | null;
}

const balances = ['round-robin', 'least-connections', 'client-ip'] as const;

/** Counts and milliseconds, from the least to the most. */
const bounds = {
  weight: [1, 1_000],
  interval: [500, 3_600_000],
  timeout: [50, 60_000],
  threshold: [1, 100],
} as const;

/** @param labels by name without prefix */
export function readTraffic(
  labels: ReadonlyMap<TrafficName, string>,
  errors: string[],
  warnings: string[],
): TrafficSettings {
  const wrong = (name: TrafficName, allowed: string): null => {
    errors.push(`label portolan.${name} is "${labels.get(name)}"; ${allowed} is allowed`);
    return null;
  };
  const count = (name: 'weight' | 'health.threshold', [least, most]: readonly [number, number]) => {
    const text = labels.get(name);
    if (text === undefined) return null;
    const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : wrong(name, `a whole number from ${least} to ${most}`);
  };
  const duration = (name: 'health.interval' | 'health.timeout', [least, most]: readonly [number, number]) => {
    const text = labels.get(name);
    if (text === undefined) return null;
    const value = milliseconds(text);
    return value >= least && value <= most
      ? value
      : wrong(name, `a time from ${least}ms to ${most / 1_000}s, such as 10s,`);
  };
  const balance = labels.get('balance') ?? 'round-robin';
  const known = balances.find((one) => one === balance) ?? wrong('balance', balances.join(', '));
  const sticky = labels.get('sticky') ?? 'false';
  if (!/^(true|1|yes|on|false|0|no|off)$/i.test(sticky)) wrong('sticky', 'true or false');
  const path = labels.get('health.path');
  if (path !== undefined && !/^\/[!-~]*$/.test(path)) wrong('health.path', 'a path that starts with /');
  const health = {
    path: path ?? '',
    interval: duration('health.interval', bounds.interval) ?? 10_000,
    timeout: duration('health.timeout', bounds.timeout) ?? 2_000,
    threshold: count('health.threshold', bounds.threshold) ?? 3,
  };
  if (path === undefined) {
    for (const name of labels.keys())
      if (name.startsWith('health.'))
        warnings.push(`label portolan.${name} does nothing without portolan.health.path`);
  }
  const weight = count('weight', bounds.weight);
  const said = [...labels.keys()].some((name) => name !== 'weight');
  const isSticky = /^(true|1|yes|on)$/i.test(sticky);
  const traffic: Traffic = {
    balance: known ?? 'round-robin',
    sticky: isSticky,
    health: path === undefined ? null : health,
  };
  return { traffic: said ? traffic : null, weight };
}

/** `500ms`, `10s`, `2m`; NaN for anything else. */
function milliseconds(text: string): number {
  const found = /^(\d{1,7})(ms|s|m)$/.exec(text);
  if (found === null) return Number.NaN;
  return Number(found[1]) * { ms: 1, s: 1_000, m: 60_000 }[found[2] as 'ms' | 's' | 'm'];
}
