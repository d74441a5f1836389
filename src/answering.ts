/** What answers questions: the projections, folded from the log as it grows, and the queries on both. */
import { createLive } from './control/live.ts';
import type { Logger } from './observability/logger.ts';
import { type Projections, startProjections } from './projections/runner.ts';
import { createQueries, type Queries } from './queries/client.ts';
import { staleText } from './queries/stale.ts';
import type { Recording } from './recording.ts';
import type { Serving } from './serving.ts';

export interface Answering {
  readonly projections: Projections;
  readonly queries: Queries;
  /** What answers lack, if anything. */
  problems(): readonly string[];
  stop(): Promise<void>;
}

export function startAnswering(
  { log, trust }: Serving,
  { loop, outage }: Recording,
  dataDir: string,
  logger: Logger,
): Answering {
  const projections = startProjections(dataDir, logger);
  const unsubscribe = log.subscribe(projections.notify);
  const head = (): number => log.head().position;
  const live = createLive(loop, trust, projections, { head, problem: outage.problem });
  const queries = createQueries(dataDir, live, logger);
  return {
    projections,
    queries,
    problems() {
      const stale = live.stale();
      return stale === null ? [] : [staleText(stale)];
    },
    async stop() {
      unsubscribe();
      await Promise.all([projections.stop(), queries.stop()]);
    },
  };
}
