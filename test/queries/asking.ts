/** A log with its projections and questions, all on their real threads. */
import { openLog } from '../../src/log/log.ts';
import type { Log } from '../../src/log/port.ts';
import { type Projections, startProjections } from '../../src/projections/runner.ts';
import { createQueries, type Live, type Queries } from '../../src/queries/client.ts';
import type { Page } from '../../src/queries/port.ts';
import type { Batch } from '../support/events.ts';
import { append, scratch, silent } from '../support/projecting.ts';

export interface Asking {
  readonly dataDir: string;
  readonly log: Log;
  readonly projections: Projections;
  readonly queries: Queries;
  /** Appends, and waits until the projections have taken it in. */
  tell(batches: readonly Batch[]): Promise<void>;
}

/** What the live side would say of a system at rest. */
export const atRest: Live = {
  refusals: () => [],
  hosts: () => [],
  sentence: (host) => `${host} has no upstream.`,
  confirmed: () => true,
  caveat: () => '',
  projections: () => [],
  caughtUp: async () => undefined,
};

export async function asking(
  run: (asking: Asking) => Promise<void>,
  live: Partial<Live> | ((projections: Projections) => Partial<Live>) = {},
): Promise<void> {
  using folder = scratch();
  const { dataDir } = folder;
  const log = await openLog({ dataDir, logger: silent });
  const projections = startProjections(dataDir, silent);
  const unsubscribe = log.subscribe(() => projections.notify());
  const changes = typeof live === 'function' ? live(projections) : live;
  const queries = createQueries(dataDir, { ...atRest, ...changes }, silent);
  const tell = async (batches: readonly Batch[]): Promise<void> => {
    await append(log, batches);
    if (!(await projections.reached(log.head().position, 10_000))) throw new Error('the projections lag');
  };
  try {
    await run({ dataDir, log, projections, queries, tell });
  } finally {
    unsubscribe();
    await queries.stop();
    await projections.stop();
    await log.close();
  }
}

/** All items of a list, page by page. @param between runs after each page */
export async function allPages<T>(
  page: (cursor: string | undefined) => Promise<Page<T>>,
  between: () => Promise<void> = async () => undefined,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let turn = 0; turn < 1_000; turn += 1) {
    const found = await page(cursor);
    items.push(...found.items);
    if (found.next === undefined) return items;
    cursor = found.next;
    await between();
  }
  throw new Error('the pages do not end');
}
