/** A log with its projections and questions, all on their real threads. */
import { openLog } from '../../src/log/log.ts';
import type { Log } from '../../src/log/port.ts';
import { type Projections, startProjections } from '../../src/projections/runner.ts';
import { createQueries, type Live, type Queries } from '../../src/queries/client.ts';
import { Json } from '../../src/queries/json.ts';
import type { Page } from '../../src/queries/port.ts';
import type { Batch } from '../support/events.ts';
import { append, scratch, silent } from '../support/projecting.ts';

type Parsed<Asked> = {
  readonly [Name in keyof Asked]: Asked[Name] extends (...args: infer Args) => Promise<infer Answer>
    ? (...args: Args) => Promise<Answer extends Json<infer Value> ? Value : Answer>
    : never;
};

export interface Asking {
  readonly dataDir: string;
  readonly log: Log;
  readonly projections: Projections;
  /** Answers that come as JSON are parsed. */
  readonly queries: Parsed<Queries>;
  /** Appends, and waits until the projections have taken it in. */
  tell(batches: readonly Batch[]): Promise<void>;
}

/** What the live side would say of a system at rest. */
export const atRest: Live = {
  refusals: () => [],
  hosts: () => [],
  sentence: (host) => `${host} has no upstream.`,
  confirmed: () => true,
  serves: () => true,
  caveat: () => '',
  projections: () => [],
  stale: () => null,
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
    await run({ dataDir, log, projections, queries: parsed(queries), tell });
  } finally {
    unsubscribe();
    await queries.stop();
    await projections.stop();
    await log.close();
  }
}

function parsed(queries: Queries): Parsed<Queries> {
  const asks = Object.entries(queries).map(([name, ask]) => [
    name,
    async (...args: unknown[]) => {
      const answer = await (ask as (...args: unknown[]) => Promise<unknown>)(...args);
      return answer instanceof Json ? answer.parse() : answer;
    },
  ]);
  return Object.fromEntries(asks) as Parsed<Queries>;
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
