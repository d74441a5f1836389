/** What the API answers, as far as the command line shows it. */
import type { CommandKind } from '../events/commands.ts';
import type { AuditEntry, RefusalView, RouteView } from '../queries/port.ts';

export type {
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
