/** Says in one plain sentence why a site or host has no upstream. */
import type { CommandKind } from '../events/commands.ts';
import type { Host } from '../events/ids.ts';
import { killedCode } from '../events/stop-signal.ts';
import { type Closing, matchOf, type Route, type Site } from './route.ts';
import {
  type Container,
  containerKey,
  containersOf,
  lastRouteOf,
  restartMemory,
  type State,
  type Story,
  soon,
} from './state.ts';
import type { TableRoute } from './table.ts';

/** For a site without an open route; empty if it has one. */
export function sentenceOf(state: State, site: Site): string {
  const route = lastRouteOf(state, site);
  if (route !== null && route.targets.length > 0) return '';
  const subject = site.replace(/\/$/, '');
  if (route?.closing) return sinceClosed(state, subject, route, route.closing);
  const waiting = containersOf(state, site)[0];
  if (waiting === undefined) return withoutUpstream(subject);
  return `${subject} has no upstream yet: container ${titleOf(waiting)} ${presentOf(waiting)}.`;
}

/**
 * For a host of which no route is open: the sentence of the site that was closed last.
 * @param routes of the host, with their sentences
 */
export function hostSentence(state: State, host: Host, routes: readonly TableRoute[]): string {
  const sites = [...(state.sites.get(host) ?? [])];
  const last = sites
    .map((site) => ({ site, at: lastRouteOf(state, site)?.position ?? 0 }))
    .sort(
      (one, other) => other.at - one.at || matchOf(one.site).path.length - matchOf(other.site).path.length,
    )[0];
  if (last === undefined) return withoutUpstream(host);
  const { path } = matchOf(last.site);
  return routes.find((route) => route.path === path)?.sentence ?? sentenceOf(state, last.site);
}

export const withoutUpstream = (subject: string): string => `${subject} has no upstream.`;

function sinceClosed(state: State, subject: string, route: Route, closing: Closing): string {
  const container = state.containers.get(containerKey(route.engine, closing.container));
  const since = `${subject} has had no upstream since ${clock(route.since)}`;
  if (container === undefined) return `${since}, when container ${goneOf(closing)}.`;
  if (closing.obituary !== undefined)
    return `${since}, when container ${closing.obituary}; it was started again and ${presentOf(container)}.`;
  return `${since}, when container ${whatBecameOf(container, closing, route.since)}.`;
}

/** The container that closed a route, and how. @param at when it was closed, milliseconds */
export const whatBecameOf = (container: Container, closing: Closing, at: number): string =>
  `${titleOf(container, closing.name)} ${pastOf(container, closing, at)}`;

/** Of a container that is removed while it is up. */
export const whyRemoved = (container: Container, at: number, found: boolean): string =>
  `${titleOf(container)} ${removed(container, at, found)}`;

function pastOf(container: Container, closing: Closing, at: number): string {
  const { observation } = container;
  const found = closing.found === true;
  switch (closing.reason) {
    case 'stopped':
      return `${ended(container, at, found)}${by(container, ['stop', 'kill', 'restart', 'remove'], at) || afterRestarts(container, at)}`;
    case 'paused':
      return `was ${found ? 'found ' : ''}paused${by(container, ['pause'], at)}`;
    case 'restarting':
      return `${exited(container, found ? null : at)}${afterRestarts(container, at)} and is being restarted by the engine`;
    case 'unhealthy':
      if (observation.health === 'starting') return 'restarted; its health check has not passed yet';
      return found ? 'was found unhealthy' : 'became unhealthy';
    case 'removed':
      return removed(container, at, found);
    case 'renamed':
      return `was ${found ? 'found to have been ' : ''}renamed to ${observation.name}`;
    case 'disabled':
      return `no longer asked for it (${container.intent.refusals[0]?.detail ?? 'its labels changed'})`;
    case 'claimed-elsewhere':
      return 'lost its claim to another container';
    case 'unreachable':
      return `could no longer be reached (${container.intent.refusals[0]?.detail ?? 'it left its network'})`;
    case 'policy':
      return 'was no longer exposed under the settings of Portolan';
    case 'engine-replaced':
      return 'was left behind on another engine';
    case 'unreadable':
      return 'had a record in the log that could not be read';
    default:
      return closing.reason satisfies never;
  }
}

function goneOf({ reason, name, obituary }: Closing): string {
  if (reason === 'removed') return obituary ?? `${name} was removed`;
  if (reason === 'engine-replaced') return `${name} was left behind on another engine`;
  return `${obituary ?? `${name} left it (${reason})`}; that container no longer exists`;
}

function presentOf(container: Container): string {
  const { observation } = container;
  if (observation.status === 'created')
    return observation.exitCode === 0
      ? 'has been created but not started'
      : `could not be started (exit code ${observation.exitCode})`;
  if (observation.status === 'paused') return 'is paused';
  if (observation.status === 'restarting') return 'is being restarted by the engine';
  if (observation.status !== 'running') return exited(container, container.stoppedSince);
  if (observation.health === 'starting') return 'is starting; its health check has not passed yet';
  if (observation.health === 'unhealthy') return 'is unhealthy';
  return `cannot be routed: ${container.intent.refusals[0]?.detail ?? 'another container has this host'}`;
}

/** @param at when it ended, milliseconds; null if nobody was there to see what came before it */
function exited({ observation, story }: Container, at: number | null): string {
  const { exitCode, oomKilled } = observation;
  const code = `exited with code ${exitCode}`;
  if (oomKilled) return `${code} (out of memory)`;
  return exitCode === killedCode ? `${code} (${killOf(story, at)})` : code;
}

/** Not all that is killed is so through the engine, and the kernel's want of memory does not always show there. */
function killOf({ killed, starved }: Story, at: number | null): string {
  if (at === null) return '128 + SIGKILL';
  const isNear = (one: number): boolean => Math.abs(at - one) <= soon;
  if (killed?.forced === true && isNear(killed.at)) return 'SIGKILL';
  const before =
    starved !== null && isNear(starved)
      ? 'a process of it was killed for want of memory'
      : 'no kill was seen';
  return `128 + SIGKILL; ${before} just before it`;
}

/** Milliseconds that may lie between an end and its being recorded, before that is told. */
const late = 2_000;

/** An end that Portolan was not there to see was some time before it closed the route. @param at when that was, milliseconds */
function ended(container: Container, at: number, found: boolean): string {
  const end = Date.parse(container.observation.finishedAt ?? '');
  if (at - end > late) return `was found to have ${exited(container, null)} at ${clock(end)}`;
  return exited(container, found ? null : at);
}

/** Of a container that does not stay up: how often it was started again before it ended. */
function afterRestarts(container: Container, end: number): string {
  const count = container.story.restarts.filter((at) => at <= end && at > end - restartMemory).length;
  return count < 2 ? '' : ` after ${count} restarts in ${restartMemory / 60_000} minutes`;
}

const removed = (container: Container, at: number, found: boolean): string =>
  `was ${found ? 'found to have been ' : ''}removed${by(container, ['remove', 'stop', 'kill'], at)}`;

/**
 * Names the API's caller if the last command on the container before it was of a kind that explains this, and all who may
 * have been first where there were several; else tells of a signal from outside. @param at when it happened, milliseconds
 */
function by({ story: { commands, killed } }: Container, kinds: readonly CommandKind[], at: number): string {
  const isRecent = (before: number): boolean => Math.abs(at - before) <= soon;
  const signalled = killed !== null && isRecent(killed.at);
  const command = commands.findLast((one) => one.at <= at);
  if (command !== undefined && kinds.includes(command.kind)) {
    // A slow stop may have been asked for long ago; its last signal was not.
    if (isRecent(command.at) || (signalled && killed.asked))
      return ` after ${askedBy(fitting(commands, command, kinds, at))}${signalled && killed.outside ? ', or from outside Portolan' : ''}`;
  }
  if (!signalled || killed.asked || !kinds.includes('stop')) return '';
  return ` after it was ${killed.outright ? 'killed' : 'told to stop'} from outside Portolan`;
}

type Command = Container['story']['commands'][number];

/** The last command, and those beside it that may still have effects: nobody knows which of them was heeded. */
const fitting = (
  commands: readonly Command[],
  last: Command,
  kinds: readonly CommandKind[],
  at: number,
): Command[] =>
  commands.filter(
    (one) =>
      one === last || (one.at <= at && kinds.includes(one.kind) && (one.until === null || one.until >= at)),
  );

function askedBy([first, ...others]: readonly Command[]): string {
  const parts = [`a ${first!.kind} through the API by ${first!.actor.name}`];
  for (const { kind, actor } of others)
    parts.push(kind === first!.kind ? `by ${actor.name}` : `a ${kind} by ${actor.name}`);
  // Who asked twice asked all the same.
  const own = `by ${first!.actor.name}`;
  return [...new Set(parts)].filter((part) => part !== own).join(' or ');
}

const titleOf = (container: Container, name = container.observation.name): string =>
  `${name} (${container.observation.spec.image})`;

/** As sentences tell a time: `2026-11-27 14:03:20 UTC`. */
export function clock(milliseconds: number): string {
  const instant = new Date(milliseconds).toISOString();
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;
}
