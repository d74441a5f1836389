/** What the API answers, as far as the command line shows it. */
import type { CommandKind } from '../events/commands.ts';
import type { AuditEntry, RefusalView, RouteView } from '../queries/port.ts';

export type {
  DiffPage,
  DiffView as Diff,
  EventView,
  HostView,
  IntervalView as Interval,
  ResolutionView as Resolution,
  RouteChangeView as RouteChange,
  RouteView,
  WhyView as Why,
} from '../queries/port.ts';

export interface Container {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly status: string;
  readonly health: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly exitCode: number;
  readonly routes: readonly RouteView[];
  readonly refusals: readonly RefusalView[];
}

export interface CommandOutcome {
  readonly command: string;
  readonly kind: CommandKind;
  readonly container: string | null;
  readonly position: number;
  readonly warnings: readonly string[];
}

export type Audit = AuditEntry;

export interface RowDifference {
  readonly table: string;
  readonly key: string;
  readonly live: Readonly<Record<string, unknown>> | null;
  readonly rebuilt: Readonly<Record<string, unknown>> | null;
}

export interface RouteDifference {
  readonly host: string;
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly from: { readonly position: number; readonly at: string };
  readonly to: { readonly position: number; readonly at: string } | null;
  readonly live: readonly string[];
  readonly whatIf: readonly string[];
}

export interface Replay {
  readonly id: string;
  readonly mode: 'rebuild' | 'compare' | 'what-if';
  readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly position: number;
  readonly head: number;
  readonly eventsPerSecond: number;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly error?: string;
  /** `differences` and `compared` of a comparison, `routes` of a what-if. */
  readonly result?: {
    readonly differences?: readonly RowDifference[];
    readonly compared?: number;
    readonly routes?: readonly RouteDifference[];
    readonly truncated?: boolean;
  };
}
