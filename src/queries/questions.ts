/** What can be asked, on connections of its own: of the log alone, which is never behind, and of its projections. */
import { type DatabaseFile, openDatabase } from '../db/open.ts';
import { logPath } from '../log/path.ts';
import { createLogReader } from '../log/read.ts';
import { createAuditQuery } from './audit.ts';
import { createEventsOf, type EventsOf } from './container-names.ts';
import { openDatabases } from './databases.ts';
import { createEventQueries } from './events.ts';
import { createHistoryQuery } from './history.ts';
import { createIncarnationsQuery } from './incarnations.ts';
import { createLogFacts } from './log-facts.ts';
import { createPast } from './past.ts';
import { createRouteQueries } from './routes.ts';

/**
 * @param eventsOf finds what names a container where the log alone does not; empty where it cannot now
 * @throws {LogUnusable}
 */
export function openLogQuestions(dataDir: string, eventsOf: EventsOf = () => []) {
  const reader = createLogReader(dataDir);
  const log = openDatabase(logPath(dataDir), { readonly: true, synchronous: 'FULL' });
  const { events: recorded, ...others } = createEventQueries(log, reader, null, eventsOf);
  return {
    ask: inOneView({ recorded, ...others, log: createLogFacts(dataDir, log, reader) }, [
      reader.together,
      viewOf(log),
    ]),
    close(): void {
      reader.close();
      log.close();
    },
  };
}

/** @throws {SqliteError} the projections are not made yet */
export function openQuestions(dataDir: string) {
  const databases = openDatabases(dataDir);
  const { log, projections } = databases;
  const reader = createLogReader(dataDir);
  const close = (): void => {
    reader.close();
    databases.close();
  };
  try {
    const events = createEventQueries(log, reader, projections);
    return {
      eventsOf: createEventsOf(projections),
      ask: inOneView(
        {
          ...createRouteQueries(projections),
          ...createPast(log, projections, events, reader.head),
          events: events.events,
          history: createHistoryQuery(projections),
          audit: createAuditQuery(projections),
          incarnations: createIncarnationsQuery(reader, projections),
        },
        [reader.together, viewOf(log), viewOf(projections)],
      ),
      current: databases.current,
      head: () => reader.head().position,
      know: (position: number) => doKnow(projections, position),
      isDamaged: () => isDamaged(projections),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

type LogQuestions = ReturnType<typeof openLogQuestions>['ask'];
export type Questions = LogQuestions & ReturnType<typeof openQuestions>['ask'];

const ofTheLog: Readonly<Record<keyof LogQuestions, true>> = {
  recorded: true,
  following: true,
  event: true,
  consequences: true,
  causes: true,
  log: true,
};

export const isOfTheLog = (name: keyof Questions): name is keyof LogQuestions => name in ofTheLog;

type View = <T>(reads: () => T) => T;

function viewOf(db: DatabaseFile): View {
  const together = db.transaction((reads: () => unknown) => reads());
  return <T>(reads: () => T) => together(reads) as T;
}

/** Each answer is of one state of each file; and a look-up within a transaction costs half of one by itself. */
function inOneView<Asks extends Readonly<Record<string, (...args: never[]) => unknown>>>(
  asks: Asks,
  views: readonly View[],
): Asks {
  const viewed = Object.entries(asks).map(([name, ask]) => [
    name,
    (...args: never[]) =>
      views.reduce<() => unknown>(
        (reads, view) => () => view(reads),
        () => ask(...args),
      )(),
  ]);
  return Object.fromEntries(viewed) as Asks;
}

/** Whether all projections have taken in this position: those of a file that is made again have not, at first. */
function doKnow(projections: DatabaseFile, position: number): boolean {
  const least = projections.prepare('SELECT min(position) FROM checkpoints').pluck().get();
  return typeof least === 'number' && least >= position;
}

/** Damage gives errors of many kinds, and the log's are not meant here; a check tells. */
function isDamaged(projections: DatabaseFile): boolean {
  try {
    return projections.pragma('quick_check(1)', { simple: true }) !== 'ok';
  } catch {
    return true;
  }
}
