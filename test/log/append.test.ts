/** Appending: all of a batch durably or nothing, dense positions, no repeats, and nothing is ever changed. */
import { expect, test } from 'vitest';
import type { Event } from '../../src/events/event.ts';
import type { EngineId, Position, StreamId } from '../../src/events/ids.ts';
import { makeNote, makeNotes, newId } from './fixtures.ts';
import { appendTo, makeFolder, open, readAll, start, verify, withFile } from './support.ts';

test('what was appended is read back as it was, at dense positions from 1', async () => {
  const folder = makeFolder();
  const log = await open(folder);
  const root = makeNote('root', { engineId: 'E' as EngineId, streamId: 'portolan' as StreamId });
  const effect = makeNote('effect – ü, 漢', {
    causationId: root.id,
    correlationId: root.id,
    inferred: true,
    actor: { kind: 'api', name: 'Zoë' },
  });
  const { events } = await appendTo(log, [root, effect], 1_767_600_000_500);
  expect(events.map((event) => event.position)).toEqual([1, 2]);
  expect(events[0]).toMatchObject({ ...root, recordedAt: 1_767_600_000_500, schemaVersion: 2 });
  expect(readAll(folder)).toEqual(events);
  expect(log.head()).toEqual({ position: 2, hash: events[1]!.hash, recordedAt: 1_767_600_000_500 });
});

test('an append on a stale head is a conflict and leaves nothing behind', async () => {
  const folder = makeFolder();
  const log = await open(folder);
  await appendTo(log, makeNotes(3));
  const outcome = await log.append(
    [makeNote('stale', { streamId: 'command:x' as StreamId, engineId: 'E2' as EngineId })],
    2 as Position,
    1_767_600_000_001,
  );
  expect(outcome).toEqual({ kind: 'conflict', head: log.head() });
  expect(log.head().position).toBe(3);
  await log.close();
  withFile(folder, (db) => {
    expect(db.prepare('SELECT count(*) FROM events').pluck().get()).toBe(3);
    expect(db.prepare('SELECT name FROM streams').pluck().all()).toEqual(['portolan']);
    expect(db.prepare('SELECT count(*) FROM engines').pluck().get()).toBe(0);
  });
});

test('two appends on the same head: one is appended, the other conflicts', async () => {
  const log = await open(makeFolder());
  const [one, other] = await Promise.all([
    log.append(makeNotes(2), start, 1_767_600_000_000),
    log.append(makeNotes(2), start, 1_767_600_000_000),
  ]);
  expect([one.kind, other.kind]).toEqual(['appended', 'conflict']);
  expect(log.head().position).toBe(2);
});

test('a repeated id burns no position, and nothing of its batch is appended', async () => {
  const folder = makeFolder();
  const log = await open(folder);
  const known = makeNote();
  await appendTo(log, [known]);
  const fresh = makeNote('fresh', { streamId: 'command:new' as StreamId });
  const outcome = await log.append([fresh, known], 1 as Position, 1_767_600_000_000);
  expect(outcome).toEqual({ kind: 'repeated', ids: [known.id] });
  expect(log.head().position).toBe(1);
  const { events } = await appendTo(log, [fresh]);
  expect(events[0]!.position).toBe(2);
  expect(readAll(folder).map((event) => event.id)).toEqual([known.id, fresh.id]);
});

test('an id that stands twice in one batch is a repeat, too', async () => {
  const log = await open(makeFolder());
  const note = makeNote();
  const outcome = await log.append([note, note], start, 1_767_600_000_000);
  expect(outcome).toEqual({ kind: 'repeated', ids: [note.id] });
  expect(log.head().position).toBe(0);
});

test('recordedAt never decreases, however the clock is set', async () => {
  const folder = makeFolder();
  const log = await open(folder);
  const clock = [5_000, 4_000, 4_500, 6_000, 1].map((seconds) => 1_767_600_000_000 + seconds);
  for (const now of clock) await appendTo(log, makeNotes(1), now);
  const recorded = readAll(folder).map((event) => event.recordedAt - 1_767_600_000_000);
  expect(recorded).toEqual([5_000, 5_000, 5_000, 6_000, 6_000]);
  await log.close();
  const again = await open(folder);
  await appendTo(again, makeNotes(1), 7);
  expect(readAll(folder).at(-1)!.recordedAt).toBe(1_767_600_006_000);
});

test('UPDATE and DELETE raise on everything that is history', async () => {
  const folder = makeFolder();
  const log = await open(folder);
  await appendTo(log, [makeNote('one', { engineId: 'E' as EngineId }), makeNote('two')]);
  await log.close();
  withFile(folder, (db) => {
    db.prepare('INSERT INTO specs (digest, bytes) VALUES (?, ?)').run(Buffer.alloc(32), '{}');
    for (const [table, column] of [
      ['events', 'data'],
      ['events', 'hash'],
      ['specs', 'bytes'],
      ['streams', 'name'],
      ['engines', 'name'],
    ] as const) {
      expect(() => db.exec(`UPDATE ${table} SET ${column} = 'x'`), table).toThrow('the log is append-only');
      expect(() => db.exec(`DELETE FROM ${table}`), table).toThrow('the log is append-only');
    }
  });
  expect(verify(folder)).toMatchObject({ valid: true, checkedTo: 2 });
});

test('REPLACE, which deletes without a DELETE, replaces nothing', async () => {
  const folder = makeFolder();
  const log = await open(folder);
  await appendTo(log, [makeNote('one', { engineId: 'E' as EngineId }), makeNote('two')]);
  await log.close();
  const columns = 'id, type, stream, occurred_at, recorded_at, actor_kind, actor_name, inferred';
  const rest = `${columns}, schema_version, salt, data_digest, hash`;
  withFile(folder, (db) => {
    db.exec(`INSERT OR REPLACE INTO events SELECT * FROM events WHERE position = 1`);
    db.exec(
      `INSERT OR REPLACE INTO events (position, ${rest}) SELECT 3, ${rest} FROM events WHERE position = 1`,
    );
    const other = rest.replace('id,', 'zeroblob(16),');
    for (const position of [1, 2, 4]) {
      const insert = `INSERT OR REPLACE INTO events (position, ${rest}) SELECT ${position}, ${other} FROM events LIMIT 1`;
      expect(() => db.exec(insert)).toThrow('the log is append-only');
    }
    for (const table of ['streams', 'engines']) {
      const insert = `INSERT OR REPLACE INTO ${table} (id, name) SELECT 7, name FROM ${table}`;
      expect(() => db.exec(insert)).toThrow('the log is append-only');
    }
  });
  expect(readAll(folder).map((event) => event.position)).toEqual([1, 2]);
  expect(verify(folder)).toMatchObject({ valid: true, checkedTo: 2 });
});

test('listeners hear each commit in order, until they end it', async () => {
  const log = await open(makeFolder());
  const heard: Event[][] = [];
  const end = log.subscribe((events) => heard.push([...events]));
  await appendTo(log, makeNotes(2));
  await appendTo(log, makeNotes(1));
  end();
  await appendTo(log, makeNotes(1));
  expect(heard.map((events) => events.map((event) => event.position))).toEqual([[1, 2], [3]]);
});

test('scripts read names and hex ids from a view', async () => {
  const folder = makeFolder();
  const log = await open(folder);
  const root = makeNote('root', { engineId: 'E' as EngineId });
  await appendTo(log, [root, makeNote('effect', { causationId: root.id, correlationId: root.id })]);
  await log.close();
  const rows = withFile(folder, (db) =>
    db
      .prepare('SELECT position, id, stream_id, engine_id, correlation_id, causation_id, data FROM event_log')
      .all(),
  );
  const row = { stream_id: 'portolan', correlation_id: root.id };
  expect(rows).toMatchObject([
    { ...row, position: 1, id: root.id, engine_id: 'E', causation_id: null, data: '{"reason":"root"}' },
    { ...row, position: 2, engine_id: null, causation_id: root.id },
  ]);
});

test('a log goes on where it ended when it is opened again', async () => {
  const folder = makeFolder();
  const first = await open(folder);
  await appendTo(first, makeNotes(3));
  const head = first.head();
  await first.close();
  const second = await open(folder);
  expect(second.head()).toEqual(head);
  await appendTo(second, [makeNote('more', { id: newId() })]);
  expect(verify(folder)).toEqual({ valid: true, checkedTo: 4, firstBad: null });
});

test('after the close nothing is appended, and closing again is no error', async () => {
  const folder = makeFolder();
  const log = await open(folder);
  const last = log.append(makeNotes(3), start, 1_767_600_000_000);
  await log.close();
  expect(await last).toMatchObject({ kind: 'appended' });
  await expect(appendTo(log, makeNotes(1))).rejects.toMatchObject({ name: 'LogUnwritable', code: 'io' });
  await log.close();
  expect(readAll(folder)).toHaveLength(3);
});
