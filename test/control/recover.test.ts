/** A log with an event that the fold cannot take in: it is set aside alike by a start, the loop and the past, and the rest is served. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLoop } from '../../src/control/loop.ts';
import { foldInto, recover } from '../../src/control/recover.ts';
import { createSnapshots } from '../../src/control/snapshots.ts';
import type { Event, EventType, ProjectedEvent } from '../../src/events/event.ts';
import type { EventId, Host } from '../../src/events/ids.ts';
import type { LogReader } from '../../src/log/port.ts';
import { openProjections } from '../../src/projections/file.ts';
import { hostEntries } from '../../src/projections/host-entries.ts';
import { createProjector } from '../../src/projections/projector.ts';
import { stateAt } from '../../src/projections/state-at.ts';
import { restoreEntry } from '../../src/projections/stored-entry.ts';
import { entriesOf } from '../../src/routing/entries.ts';
import { copyState, freeze } from '../../src/routing/freeze.ts';
import { createState, type State } from '../../src/routing/state.ts';
import { makeFolder, open, readWith } from '../log/support.ts';
import { defaultPolicy, engineA, running } from '../routing/scenario.ts';
import { createStory } from '../support/events.ts';
import { at, foldAll, rowsOf, writeLog } from '../support/projecting.ts';

/** What no schema lets into the log, and what a fold with a defect would make of what it does. */
const spoil = <E extends ProjectedEvent | Event>(event: E): E =>
  ({ ...event, data: { ...event.data, networks: null } }) as unknown as E;

/** Of a log in which the event at this position cannot be folded. */
const spoiled = (reader: LogReader, position: number): LogReader => {
  const change = <E extends ProjectedEvent>(event: E): E =>
    event.position === position ? spoil(event) : event;
  return {
    ...reader,
    read: (...asked) => reader.read(...asked).map(change),
    fold: (stretch, onEvent, onUnreadable) =>
      reader.fold(stretch, (event) => onEvent(change(event)), onUnreadable),
  };
};

/** Two containers are routed, and the first of them has come up again at the position of its last observation. */
async function twoContainers(order: 'policy first' | 'policy last' = 'policy first') {
  const story = createStory();
  story.started('boot-1', null);
  story.connected();
  if (order === 'policy first') story.policy();
  const web = story.container('web');
  web.started();
  story.container('other').started();
  if (order === 'policy first') web.crashed(1);
  web.started();
  if (order === 'policy last') story.policy();
  const dataDir = makeFolder();
  await writeLog(dataDir, story.batches);
  const events = story.events();
  const lastOf = (type: EventType, name: string): number =>
    events.findLastIndex((one) => one.type === type && 'name' in one.data && one.data.name === name) + 1;
  return { dataDir, position: lastOf('ContainerObserved', 'web'), head: at(events.length) };
}

const served = (state: State): Host[] =>
  [...state.routes.values()].filter(({ targets }) => targets.length > 0).map(({ match }) => match.host);
const stored = (state: State): unknown => JSON.parse(Buffer.from(freeze(state)).toString());

test('an event at which the fold fails stops no start: it is reported, its container set aside, the rest served', async () => {
  const { dataDir, position } = await twoContainers();
  readWith(dataDir, (reader) => {
    const state = createState();
    const found = foldInto(state, spoiled(reader, position));
    expect(found).toMatchObject([{ position, type: 'ContainerObserved' }]);
    expect(found[0]!.problem).toMatch(/^it cannot be folded: ./);
    const [web, other] = [...state.containers.values()];
    expect([web!.unreadable, other!.unreadable]).toEqual([true, false]);
    expect(served(state)).toContain('other.docker.localhost');
    // The loop begins with a copy.
    expect(stored(copyState(state))).toEqual(stored(state));
  });
});

test('a container of which the settings can make nothing keeps no other from being routed', async () => {
  const { dataDir, position, head } = await twoContainers('policy last');
  readWith(dataDir, (reader) => {
    const state = createState();
    const found = foldInto(state, spoiled(reader, position));
    expect(found.map(({ type }) => type)).toEqual(['PolicyApplied']);
    const [web, other] = [...state.containers.values()];
    expect([web!.unreadable, other!.intent.claims.length]).toEqual([true, 1]);
    expect(state.position).toBe(head);
    expect(stored(copyState(state))).toEqual(stored(state));
  });
});

test('the history sets aside what the table did', async () => {
  const { dataDir, position, head } = await twoContainers();
  readWith(dataDir, (whole) => {
    const reader = spoiled(whole, position);
    const state = createState();
    foldInto(state, reader);
    expect(stored(stateAt(reader, head))).toEqual(stored(state));
    const path = join(dataDir, 'p.db');
    const db = openProjections(path, () => undefined);
    try {
      const projector = createProjector(db, reader, [hostEntries], () => undefined);
      foldAll(projector, [3]);
      expect(projector.progress()).toEqual([{ name: 'host_entries', position: head, problem: '' }]);
    } finally {
      db.close();
    }
    for (const entry of entriesOf(state)) {
      const [row] = rowsOf<{ entry: string }>(
        path,
        `SELECT entry FROM host_entries WHERE host = (SELECT number FROM host_names WHERE host = ?)
         ORDER BY from_position DESC LIMIT 1`,
        entry.host,
      );
      expect(restoreEntry(entry.host, row!.entry)).toEqual(entry);
    }
  });
});

test('what the loop cannot fold once it is on disk is told, set aside as by the next start, and all else goes on', async () => {
  const dataDir = makeFolder();
  const log = await open(dataDir);
  const errors: unknown[] = [];
  const nothing = (): void => undefined;
  let position = 0;
  const loop = createLoop({
    log: {
      ...log,
      async append(...asked) {
        const outcome = await log.append(...asked);
        if (outcome.kind !== 'appended') return outcome;
        const isWeb = (event: Event): boolean =>
          event.type === 'ContainerObserved' && event.data.name === 'web';
        position = outcome.events.find(isWeb)?.position ?? position;
        return { ...outcome, events: outcome.events.map((event) => (isWeb(event) ? spoil(event) : event)) };
      },
    },
    state: createState(),
    feed: { tell: nothing, withdraw: nothing },
    catchUp: nothing,
    now: Date.now,
    onCommit: nothing,
    onUnwritable: nothing,
    onError: (error) => void errors.push(error),
  });
  loop.submit({ kind: 'policy', policy: defaultPolicy, id: 'policy' as EventId });
  for (const name of ['web', 'other'])
    await loop.record({ kind: 'observed', engine: engineA, observation: running(name), between: null });
  expect(errors).toEqual([expect.any(TypeError)]);
  expect(served(loop.state())).toContain('other.docker.localhost');
  readWith(dataDir, (reader) => {
    const state = createState();
    expect(foldInto(state, spoiled(reader, position))).toMatchObject([{ position }]);
    expect(stored(loop.state())).toEqual(stored(state));
  });
});

test('a snapshot from which nothing follows any more is left, and the log folded from its start', async () => {
  const { dataDir } = await twoContainers();
  const log = await open(dataDir);
  const state = readWith(dataDir, (reader) => stateAt(reader, reader.head().position));
  const nothing = (): void => undefined;
  const loop = createLoop({
    log,
    state,
    feed: { tell: nothing, withdraw: nothing },
    catchUp: nothing,
    now: Date.now,
    onCommit: nothing,
    onUnwritable: nothing,
    onError: nothing,
  });
  for (const container of state.containers.values())
    container.observation = { ...container.observation, networks: null as never };
  await createSnapshots({ log, loop: () => loop, now: Date.now, onError: nothing }, 0).take(1);
  await loop.settled();
  const reasons: string[] = [];
  const recovered = await recover(dataDir, (reason) => reasons.push(reason));
  expect(reasons).toEqual([expect.stringMatching(/^the snapshot at position \d+ is of no use: /)]);
  expect(recovered).toMatchObject({ snapshot: 0, unreadable: [] });
  expect(served(recovered.state).toSorted()).toEqual(['other.docker.localhost', 'web.docker.localhost']);
});
