/** Why a host is as it is: one sentence, and the events that led to it, with who was behind them. */
import type { DatabaseFile } from '../db/open.ts';
import { clock } from '../routing/explain.ts';
import { nearest, nearestHosts } from '../routing/nearest.ts';
import { neverSeen } from '../routing/outcome.ts';
import { type AsOf, unrecorded, unserved } from './as-of.ts';
import type { EventsOf } from './container-names.ts';
import type { EventQueries } from './events.ts';
import type { Moment } from './moment.ts';
import type { EventView, HostView, RefusalView, RouteView, ServedAgain, WhyView } from './port.ts';

/** Events that are shown of a chain. */
const most = 50;

export function createWhy(
  db: DatabaseFile,
  asOf: AsOf,
  events: EventQueries,
  eventsOf: EventsOf,
): (moment: Moment, host: string) => WhyView {
  const joined = db
    .prepare('SELECT entry FROM audit_consequences WHERE position = ? ORDER BY entry LIMIT ?')
    .pluck();
  const siblings = db
    .prepare(
      'SELECT position FROM audit_consequences WHERE entry = ? AND position <= ? ORDER BY position LIMIT ?',
    )
    .pluck();

  /** Its exact causes, and what the audit joins with it: the commands or changes from outside, and their signals. */
  function chainOf(position: number): EventView[] {
    const causes = events.causes(position);
    const positions = new Set([...causes.map((event) => event.position), position]);
    const entries = new Set([...positions].flatMap((known) => joined.all(known, most) as number[]));
    for (const entry of entries) {
      positions.add(entry);
      for (const sibling of siblings.all(entry, position, most) as number[]) positions.add(sibling);
    }
    if (entries.size === 0)
      for (const cause of causes) for (const told of healthBefore(cause)) positions.add(told);
    return [...positions]
      .sort((one, other) => one - other)
      .slice(-most)
      .flatMap((one) => events.event(one) ?? []);
  }

  /** A change of health is nobody's deed: the signal that told of it stands right before what was observed then. */
  function healthBefore({ type, streamId, position }: EventView): number[] {
    const [last] = type === 'ContainerObserved' ? eventsOf(streamId, position) : [];
    return last !== undefined && events.event(last)?.type === 'ContainerHealthChanged' ? [last] : [];
  }

  const isOnlyRefused = (moment: Moment, { host, routes }: HostView): boolean =>
    routes.length === 0 && asOf.entry(moment, host) === null;

  return (moment, host) => {
    const known = asOf.host(moment, host);
    if (known === null || isOnlyRefused(moment, known)) return unknownHost(moment, host);
    const open = known.routes.filter((route) => route.state !== 'closed');
    if (open.length > 0) {
      const route = latest(open);
      const resumed = route.served === undefined ? null : events.event(route.served.position);
      return {
        sentence: openSentence(host, open, route),
        chain: [...chainOf(route.position), ...(resumed === null ? [] : [resumed])],
      };
    }
    const refused = known.refusals.at(-1)?.position ?? asOf.toldAt(moment, host);
    const last = known.routes.length > 0 ? latest(known.routes).position : refused;
    return { sentence: known.sentence, chain: last === null ? [] : chainOf(last) };
  };

  /** It was never routed: who asks for it in vain, what is near, and who runs without a route. */
  function unknownHost(moment: Moment, host: string): WhyView {
    const near = nearestHosts(host, asOf.names(moment));
    const refusals = asOf.refusals(moment);
    const inVain = refusals.filter(({ match }) => match?.host === host);
    const unrouted = byLikeness(
      host,
      refusals.filter(({ match }) => match === null),
    );
    const parts = [
      asOf.serves(moment) ? neverSeen(host) : unserved(moment),
      ...inVain.map(({ name, detail }) => `Container ${name} asks for it in vain: ${detail}.`),
      ...(near.length > 0 ? [`${listed(near)} ${near.length === 1 ? 'is' : 'are'} near.`] : []),
      ...unroutedSentences(unrouted),
    ];
    const chain = [...inVain, ...unrouted].flatMap((one) => events.event(one.position) ?? []);
    return { sentence: parts.filter(Boolean).join(' '), chain: chain.slice(0, most) };
  }
}

function unroutedSentences([first, ...others]: readonly RefusalView[]): string[] {
  if (first === undefined) return [];
  const sentence = `Container ${first.name} runs without a route: ${first.detail}.`;
  if (others.length === 0) return [sentence];
  const more = others.length > 5 ? [`${others.length - 5} more`] : [];
  const names = [...others.slice(0, 5).map(({ name }) => name), ...more];
  return [sentence, `Also without a route: ${listed(names)}.`];
}

const latest = (routes: readonly RouteView[]): RouteView =>
  routes.reduce((one, other) => (other.position > one.position ? other : one));

/** @param route the one of them that was decided on last */
function openSentence(host: string, open: readonly RouteView[], { since, served, state }: RouteView): string {
  const names = [...new Set(open.flatMap(({ targets }) => targets.map(({ name }) => name)))];
  const parts = [
    `${host} has gone to ${listed(names)} since ${clock(Date.parse(since))}.`,
    ...(served === undefined ? [] : [`${pauses[served.after]} ${clock(Date.parse(served.since))}.`]),
    ...(state === 'unconfirmed' ? [unrecorded] : []),
  ];
  return parts.join(' ');
}

const pauses: Readonly<Record<ServedAgain['after'], string>> = {
  away: 'Portolan was away in between, and has served it again since',
  unrecorded: 'What was served in between is not known, as nothing could be recorded until',
};

/** The container that the host may have meant comes first. */
function byLikeness(host: string, refusals: readonly RefusalView[]): RefusalView[] {
  const label = host.split('.')[0] ?? '';
  const order = nearest(label, new Set(refusals.map(({ name }) => name)), undefined, refusals.length);
  return [...refusals].sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
