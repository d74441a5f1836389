/** Asks the past of a data folder on the calling thread, and holds its answers against the fold of the log. */
import { expect } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import type { Event } from '../../src/events/event.ts';
import type { Host } from '../../src/events/ids.ts';
import { logPath } from '../../src/log/path.ts';
import { projectionsPath } from '../../src/projections/file.ts';
import { createEventQueries } from '../../src/queries/events.ts';
import { createHistoryQuery } from '../../src/queries/history.ts';
import { createPast } from '../../src/queries/past.ts';
import type { At } from '../../src/queries/port.ts';
import { resolution } from '../../src/queries/resolution.ts';
import { createRouteQueries } from '../../src/queries/routes.ts';
import { entriesOf } from '../../src/routing/entries.ts';
import { evolve } from '../../src/routing/evolve.ts';
import { copyState } from '../../src/routing/freeze.ts';
import { outcomeOf } from '../../src/routing/outcome.ts';
import { createState } from '../../src/routing/state.ts';
import { createTable, type HostEntry } from '../../src/routing/table.ts';
import { at, foldAll, projecting } from './projecting.ts';

export type Past = ReturnType<typeof createPast> & {
  readonly history: ReturnType<typeof createHistoryQuery>;
  /** The routes as they are told without a moment. */
  readonly routesNow: ReturnType<typeof createRouteQueries>['routes'];
};

/** Folds what is not folded yet. */
export async function withPast(dataDir: string, run: (past: Past) => void | Promise<void>): Promise<void> {
  await projecting(dataDir, 'projections.db', async (projector, reader) => {
    foldAll(projector, [7]);
    const log = openDatabase(logPath(dataDir), { readonly: true, synchronous: 'FULL' });
    const db = openDatabase(projectionsPath(dataDir), { readonly: true, synchronous: 'NORMAL' });
    try {
      const events = createEventQueries(log, reader, db);
      const past = createPast(log, db, events, reader.head);
      await run({
        ...past,
        history: createHistoryQuery(db),
        routesNow: createRouteQueries(db).routes,
      });
    } finally {
      log.close();
      db.close();
    }
  });
}

export const position = (number: number): At => ({ kind: 'position', position: number });

/** More than any test has. */
export const all = { limit: 1_000 };

const byHost = (entries: readonly HostEntry[]): readonly HostEntry[] =>
  entries.toSorted((one, other) => (one.host < other.host ? -1 : 1));

const byName = <T extends { readonly name: string }>(list: readonly T[]): T[] =>
  [...list].sort((one, other) => (one.name < other.name ? -1 : 1));

/** At every position hosts, routes, refusals and resolutions are those of the fold of the log up to it; and now those of the last one. */
export function holdAgainstFold(past: Past, events: readonly Event[]): void {
  const state = createState();
  let serves = false;
  const everKnown = new Set<Host>();
  const boots = { now: '', confirmed: '' };
  for (const event of events) {
    evolve(state, event);
    if (event.type === 'PortolanStarted') {
      boots.now = event.data.bootId;
      if (!event.data.tookOver && event.data.lastAlive === null) boots.confirmed = '';
      if (!event.data.tookOver) serves = boots.now === boots.confirmed;
    } else if (event.type === 'EngineConnected') {
      boots.confirmed = boots.now;
      serves = true;
    } else if (event.type === 'PortolanStopped') serves = event.data.handedOver === true && serves;
    holdMoment(past, event.position, state, serves, everKnown);
  }
  if (serves) expect(past.routesNow(all)).toEqual(past.routesAt(position(events.length), all));
}

function holdMoment(
  past: Past,
  number: number,
  state: ReturnType<typeof createState>,
  serves: boolean,
  everKnown: Set<Host>,
): void {
  const moment = position(number);
  const entries = entriesOf(state);
  // A start from a snapshot knows the same hosts, and says the same of them.
  expect(byHost(entriesOf(copyState(state)))).toEqual(byHost(entries));
  for (const entry of entries) everKnown.add(entry.host);
  const names = new Set(entries.map(({ host }) => host));
  for (const host of everKnown.difference(names))
    expect(past.resolveAt(moment, host, '/')).toMatchObject({ status: serves ? 404 : 503, targets: [] });
  const table = createTable({ position: at(number), trust: 'confirmed', hosts: entries });
  for (const entry of entries) {
    const found = past.resolveAt(moment, entry.host, '/api/x?y');
    if (serves) expect(found).toEqual(resolution(entry.host, outcomeOf(table, entry.host, '/api/x?y')));
    else expect(found).toMatchObject({ status: 503, targets: [] });
  }
  const told = past.routesAt(moment, all).items;
  // Each with the decision that made it so, whatever Portolan has been through since.
  const known = [...state.routes.values()].map(
    ({ id, targets, since, position }) =>
      [id, targets.length > 0 ? 'open' : 'closed', targets, new Date(since).toISOString(), position] as const,
  );
  if (serves)
    expect(
      told.map(({ id, state, targets, since, position }) => [id, state, targets, since, position]).sort(),
    ).toEqual(known.sort());
  else expect(told.filter((route) => route.state !== 'closed')).toEqual([]);
  const refused = [...state.refusals].flatMap(([key, list]) =>
    list.map(({ since, ...refusal }) => {
      const { container, name } = state.containers.get(key)!.observation;
      return { ...refusal, container, name, since: new Date(since).toISOString() };
    }),
  );
  expect(byName(past.refusalsAt(moment))).toEqual(byName(refused));
  for (const host of past.hostsAt(moment, all).items) {
    if (host.state !== 'open' && serves)
      expect(host.sentence).toBe(entries.find((entry) => entry.host === host.host)?.sentence);
    expect(past.hostAt(moment, host.host)).toEqual(host);
  }
}
