/** Hosts, refused containers and their rates as the lines of one list: searched, and grouped by compose project. */

import type { Host, Refusal, Traffic, TrafficItem } from '../api/shapes.ts';
import { byName } from '../parts/by-name.ts';

export type Line =
  | { readonly kind: 'group'; readonly name: string; readonly count: number }
  | { readonly kind: 'host'; readonly host: Host; readonly rates: Rates | null }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface Rates {
  readonly requests: number;
  readonly errors: number;
  readonly p50: number | null;
  readonly p99: number | null;
}

export interface Listing {
  readonly search: string;
  readonly grouped: boolean;
  readonly onlyTroubled: boolean;
}

export function linesOf(
  hosts: readonly Host[],
  refusals: readonly Refusal[],
  traffic: Traffic | undefined,
  { search, grouped, onlyTroubled }: Listing,
): Line[] {
  const rates = ratesByHost(traffic?.items ?? []);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (text: string): boolean => words.every((word) => text.toLowerCase().includes(word));
  const found: { line: Line; group: string }[] = [
    ...hosts
      .filter((host) => !onlyTroubled || host.state !== 'open')
      .filter((host) => matches(textOf(host)))
      .map((host) => ({
        line: { kind: 'host' as const, host, rates: rates.get(host.host) ?? null },
        group: groupOf(host),
      })),
    ...refusals
      .filter(({ match }) => match === null)
      .filter((refusal) => matches(`${refusal.name} ${refusal.reason} ${refusal.detail} refused`))
      .map((refusal) => ({ line: { kind: 'refused' as const, refusal }, group: 'Not routed' })),
  ];
  if (!grouped) return found.map(({ line }) => line);
  const groups = Map.groupBy(found, ({ group }) => group);
  const names = [...groups.keys()].sort(
    (one, other) => Number(one === 'Not routed') - Number(other === 'Not routed') || byName(one, other),
  );
  return names.flatMap((name) => {
    const members = groups.get(name)!;
    return [{ kind: 'group' as const, name, count: members.length }, ...members.map(({ line }) => line)];
  });
}

/** The owner of a compose service is `PROJECT/SERVICE`. */
function groupOf({ routes }: Host): string {
  const owner = routes[0]?.owner ?? '';
  return owner.includes('/') ? owner.split('/')[0]! : 'On their own';
}

const textOf = ({ host, state, routes, refusals, sentence }: Host): string =>
  [
    host,
    state === 'closed' ? 'down closed' : state,
    sentence,
    ...routes.flatMap((route) => [
      route.owner,
      ...route.targets.map(({ name, address }) => `${name} ${address}`),
    ]),
    ...refusals.map(({ name, reason }) => `${name} ${reason}`),
  ].join(' ');

function ratesByHost(items: readonly TrafficItem[]): Map<string, Rates> {
  const rates = new Map<string, Rates>();
  for (const { host, requestsPerSecond, errorsPerSecond, p50, p99 } of items) {
    const before = rates.get(host);
    rates.set(host, {
      requests: (before?.requests ?? 0) + requestsPerSecond,
      errors: (before?.errors ?? 0) + errorsPerSecond,
      p50: largest(before?.p50 ?? null, p50),
      p99: largest(before?.p99 ?? null, p99),
    });
  }
  return rates;
}

/** Of several routes of a host the slower one is shown: percentiles do not add up. */
const largest = (one: number | null, other: number | null): number | null =>
  one === null ? other : other === null ? one : Math.max(one, other);

export const rate = (perSecond: number): string =>
  perSecond === 0 ? '0' : perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en');

export const milliseconds = (value: number | null): string =>
  value === null ? '–' : value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en');
