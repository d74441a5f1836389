/** A route, and the site (host and path) that it serves. */
import { createHash } from 'node:crypto';
import type { CloseReason, RouteMatch, Target, Traffic } from '../events/decisions.ts';
import type { Branded, ContainerId, EngineId, Host, Position, RouteId } from '../events/ids.ts';

/** One host and one path prefix, as `HOST/PATH`: what owners compete for. */
export type Site = Branded<string, 'Site'>;

export const siteOf = (match: RouteMatch): Site => `${match.host}${match.path}` as Site;

export function matchOf(site: Site): RouteMatch {
  const slash = site.indexOf('/');
  return { host: site.slice(0, slash) as Host, path: site.slice(slash) };
}

/** The same engine, owner, host and path always get the same id, so a route that comes back keeps its history. */
export function routeIdOf(engine: EngineId, owner: string, site: Site): RouteId {
  const parts = [engine, owner, site].map((part) => `${part.length}:${part}`).join('');
  return createHash('sha256').update(parts).digest('hex').slice(0, 16) as RouteId;
}

/** Why a route was closed, kept for its sentence. */
export interface Closing {
  readonly reason: CloseReason;
  readonly container: ContainerId;
  readonly name: string;
  /** It was seen afterwards, and nothing told of it when it happened. */
  readonly found?: true;
  /** What there was to say of the container when it was started again or removed. */
  readonly obituary?: string;
}

export interface Route {
  readonly id: RouteId;
  readonly engine: EngineId;
  readonly match: RouteMatch;
  readonly owner: string;
  /** Empty when closed. */
  readonly targets: readonly Target[];
  readonly traffic?: Traffic | undefined;
  readonly closing: Closing | null;
  /** Milliseconds since the epoch and position of the event that brought it into this state. */
  readonly since: number;
  readonly position: Position;
}

export const sameTargets = (one: readonly Target[], other: readonly Target[]): boolean =>
  one.length === other.length &&
  one.every((target, index) => {
    const twin = other[index];
    return (
      twin !== undefined &&
      target.container === twin.container &&
      target.startedAt === twin.startedAt &&
      target.address === twin.address &&
      target.port === twin.port &&
      target.name === twin.name &&
      target.weight === twin.weight
    );
  });

export const sameTraffic = (one: Traffic | undefined, other: Traffic | undefined): boolean =>
  one?.balance === other?.balance &&
  one?.sticky === other?.sticky &&
  one?.health?.path === other?.health?.path &&
  one?.health?.interval === other?.health?.interval &&
  one?.health?.timeout === other?.health?.timeout &&
  one?.health?.threshold === other?.health?.threshold;
