/** The questions that the API may ask of log and projections; answered on a reader thread. */
import type { CloseReason, RefusalReason, RouteMatch, Target } from '../events/decisions.ts';
import type { Actor, EventType } from '../events/event.ts';
import type { Json } from './json.ts';
import type { Stale } from './stale.ts';

/** A page of a list, and the cursor of the next one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string | undefined;
}

/** An event as the API shows it: instants as RFC 3339 text. */
export interface EventView {
  readonly position: number;
  readonly id: string;
  readonly type: EventType;
  readonly streamId: string;
  readonly engineId: string | null;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly actor: Actor;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly inferred: boolean;
  readonly schemaVersion: number;
  readonly data: unknown;
  readonly hash: string;
  /** What its container was called then, where the event itself does not tell, as that of a network does not. */
  readonly containerName?: string | undefined;
}

export interface RouteView {
  readonly id: string;
  readonly match: RouteMatch;
  readonly owner: string;
  readonly targets: readonly Target[];
  /** `unconfirmed`: open as last known, while the engine is out of reach. */
  readonly state: 'open' | 'unconfirmed' | 'closed';
  readonly reason?: CloseReason | undefined;
  /** RFC 3339, and position: the decision that brought it into this state. */
  readonly since: string;
  readonly position: number;
  /** Where it was not served all the time since. */
  readonly served?: ServedAgain | undefined;
}

/** Since when, and since which event, a route is served again that had been decided on before. */
export interface ServedAgain {
  /** RFC 3339. */
  readonly since: string;
  readonly position: number;
  /** `away`: Portolan did not serve; `unrecorded`: the log could not be written. */
  readonly after: 'away' | 'unrecorded';
}

export interface HostView {
  readonly host: string;
  readonly state: 'open' | 'unconfirmed' | 'closed' | 'refused';
  readonly routes: readonly RouteView[];
  readonly refusals: readonly RefusalView[];
  /** Why it has no upstream; empty while it has one. */
  readonly sentence: string;
}

export interface RefusalView {
  readonly container: string;
  readonly name: string;
  readonly match: RouteMatch | null;
  readonly reason: RefusalReason;
  readonly detail: string;
  /** Who has the host, where that is why. */
  readonly holder?: string | undefined;
  readonly position: number;
  readonly since: string;
}

/** One interval in which a route's targets did not change. */
export interface IntervalView {
  readonly route: string;
  readonly host: string;
  readonly match: RouteMatch;
  readonly owner: string;
  readonly targets: readonly Target[];
  readonly from: string;
  readonly to: string | null;
  readonly openedBy: number;
  readonly closedBy: number | null;
  /** By which its route was closed; null if it was not. */
  readonly reason: CloseReason | null;
  /** `away`: Portolan ended; `unrecorded`: the log could not be written. Null while it lasts. */
  readonly ended: 'closed' | 'changed' | 'away' | 'unrecorded' | null;
  /** The decision on its targets, where it did not begin with that: it had been served before, and was for a while not. */
  readonly decided?: { readonly at: string; readonly position: number } | undefined;
  /** Who was behind it, or behind that decision; null where nobody was. */
  readonly opened: Through | null;
  readonly closed: Through | null;
}

/** What an end of an interval is joined with in the audit. */
export interface Through {
  /** Of the audit's entry. */
  readonly position: number;
  readonly actor: Actor;
  readonly action: string;
  readonly basis: AuditEntry['basis'];
}

export type TimelineItem = Omit<IntervalView, 'opened' | 'closed'>;

/** A moment of the log. */
export type At =
  | { readonly kind: 'position'; readonly position: number }
  /** Milliseconds since the epoch. */
  | { readonly kind: 'instant'; readonly instant: number };

export interface ResolutionView {
  /** 200 where the proxy forwards, else what it answers by itself. */
  readonly status: number;
  readonly route?: { readonly id: string; readonly path: string };
  readonly targets: readonly Target[];
  readonly sentence: string;
}

export interface WhyView {
  readonly sentence: string;
  /** In the order of the log: what made it so, and last, where it was not served all the time since, what made it served again. */
  readonly chain: readonly EventView[];
}

export interface RouteChangeView {
  readonly route: string;
  readonly host: string;
  readonly before: RouteView | null;
  readonly after: RouteView;
  /** What made the difference between the two moments: the decision, or, where that is older, that Portolan ended or served again. */
  readonly cause: EventView | null;
  /** The decision, where it is older than the first of the moments. */
  readonly decided?: EventView | undefined;
}

export interface DiffView {
  /** `at` is null for a moment before the log. */
  readonly from: { readonly position: number; readonly at: string | null };
  readonly to: { readonly position: number; readonly at: string | null };
  readonly added: readonly RouteChangeView[];
  readonly removed: readonly RouteChangeView[];
  readonly changed: readonly RouteChangeView[];
}

/** At most as many changes as asked for, of whatever kind; and the cursor of the next ones. */
export interface DiffPage extends DiffView {
  readonly next?: string | undefined;
}

export interface HostDiffView extends DiffView {
  readonly lastWorked: { readonly position: number; readonly at: string | null };
}

export interface DensityView {
  readonly from: string;
  readonly to: string;
  readonly buckets: readonly { readonly from: string; readonly to: string; readonly events: number }[];
}

export interface AuditEntry {
  readonly position: number;
  readonly actor: Actor;
  /** Command or change, e.g. `stop`, `create`, `start`. */
  readonly action: string;
  readonly container: string | null;
  readonly name: string | null;
  readonly requestedAt: string;
  readonly completedAt: string | null;
  readonly outcome: 'pending' | 'succeeded' | 'failed' | 'refused' | 'unknown' | 'observed';
  readonly detail: string;
  /** How consequences were joined to it. */
  readonly basis: 'exact' | 'window' | 'ambiguous';
  /** Positions of what it caused. */
  readonly consequences: readonly number[];
}

/** One container of those that had a name one after the other. */
export interface IncarnationView {
  readonly container: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly createdAt: string;
  /** RFC 3339: from when until when it had the name; null while it has. */
  readonly from: string;
  readonly to: string | null;
  /** Positions of its first observation under the name, and of what ended that. */
  readonly openedBy: number;
  readonly closedBy: number | null;
  /** Who was behind it; null where nobody was, or where it was there already at the first start. */
  readonly opened: Through | null;
  readonly closed: Through | null;
  /** Against the one before; empty for the first. */
  readonly changes: readonly ConfigurationChange[];
}

export interface ConfigurationChange {
  /** `image`, `imageId`, `exposed`, `published`, `networks`, `labels.KEY`, `env.NAME` … */
  readonly field: string;
  /** Null where it had none. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface Paging {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface RouteFilter extends Paging {
  readonly host?: string | undefined;
}

export interface EventFilter extends Paging {
  /** Positions, exclusive. */
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly order: 'asc' | 'desc';
  readonly type?: EventType | undefined;
  /** Id, unique prefix of at least 12 digits, or name. */
  readonly container?: string | undefined;
  readonly host?: string | undefined;
  /** `kind` or `kind:name`. */
  readonly actor?: string | undefined;
  /** Milliseconds since the epoch, inclusive, on the axis of `recordedAt`. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

export interface AuditFilter extends Paging {
  /** Positions of entries, exclusive. */
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly actor?: string | undefined;
  readonly container?: string | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

export interface ProjectionStatus {
  readonly name: string;
  readonly position: number;
  /** Why it stopped; empty while it follows. */
  readonly problem: string;
}

/** The log's ends and size. */
export interface LogFacts {
  readonly position: number;
  readonly hash: string;
  readonly firstPosition: number;
  readonly events: number;
  readonly bytes: number;
}

/** What follows a position of the log. */
export interface FollowingView {
  /** Without those that cannot be read. */
  readonly items: readonly EventView[];
  /** The last position that was looked at: where to go on. */
  readonly last: number;
}

export interface QueryPort {
  /** Where `at` may be given and is not, it is now. A moment in the future rejects with `BadMoment`. */
  routes(filter: RouteFilter): Promise<Page<RouteView>>;
  routesAt(at: At, filter: RouteFilter): Promise<Json<Page<RouteView>>>;
  route(id: string, at?: At): Promise<RouteView | null>;
  hosts(paging: Paging): Promise<Page<HostView>>;
  hostsAt(at: At, paging: Paging): Promise<Json<Page<HostView>>>;
  host(host: string, at?: At): Promise<HostView | null>;
  history(host: string, paging: Paging): Promise<Json<Page<IntervalView>>>;
  refusals(at?: At): Promise<readonly RefusalView[]>;
  /** Where a request went, by the proxy's own matcher. @param target path and query */
  resolve(host: string, target: string, at: At): Promise<ResolutionView>;
  /** The last position of that moment. */
  positionAt(at: At): Promise<number>;
  why(host: string, at?: At): Promise<WhyView>;
  diff(from: At, to: At | undefined, paging: Paging): Promise<Json<DiffPage>>;
  /** What changed since the host last had an upstream; null for one that never had. */
  hostDiff(host: string, at?: At): Promise<HostDiffView | null>;
  /** Intervals that touch a stretch of time (milliseconds since the epoch), by host. */
  timeline(stretch: { from: number; to: number }, paging: Paging): Promise<Json<Page<TimelineItem>>>;
  density(stretch: { from: number; to: number }, buckets: number): Promise<DensityView>;
  events(filter: EventFilter): Promise<Json<Page<EventView>>>;
  /** At most `limit` positions; null if nothing follows yet. */
  following(position: number, limit: number): Promise<FollowingView | null>;
  event(position: number): Promise<EventView | null>;
  consequences(position: number): Promise<readonly EventView[]>;
  causes(position: number): Promise<readonly EventView[]>;
  audit(filter: AuditFilter): Promise<Json<Page<AuditEntry>>>;
  /** By name, id or a unique prefix of it; null if no container has or had it. */
  incarnations(container: string, paging: Paging): Promise<Page<IncarnationView> | null>;
  log(): Promise<LogFacts>;
  projections(): Promise<readonly ProjectionStatus[]>;
  /** Null while answers know all of the log, or will at once. */
  stale(): Stale | null;
}
