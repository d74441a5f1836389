/** Exports and imports: the same history on another machine, or nothing at all. */
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import { chainHash } from '../../src/log/chain.ts';
import { exportLog } from '../../src/log/export.ts';
import { importLog } from '../../src/log/import.ts';
import { openLog } from '../../src/log/log.ts';
import { logPath } from '../../src/log/path.ts';
import { LogUnusable } from '../../src/log/port.ts';
import { ImportRefused } from '../../src/log/transfer-format.ts';
import { parseHead, verifyLog } from '../../src/log/verify-log.ts';
import { lifecycles } from '../support/lifecycles.ts';
import { append, dump, foldAll, projecting, scratch, silent, writeLog } from '../support/projecting.ts';
import { makeNote } from './fixtures.ts';
import { appendTo } from './support.ts';

const { batches } = lifecycles(7, 60);
const told = batches.slice(0, -20);
const rest = batches.slice(-20);

async function exported(dataDir: string): Promise<string> {
  const parts: Buffer[] = [];
  const out = new Writable({
    write(chunk: Buffer, _, done) {
      parts.push(chunk);
      setImmediate(done);
    },
  });
  await exportLog({ dataDir, out });
  return Buffer.concat(parts).toString();
}

async function withExport(run: (lines: string[], dataDir: string) => Promise<void>): Promise<void> {
  using folder = scratch();
  await writeLog(folder.dataDir, told);
  const text = await exported(folder.dataDir);
  await run(text.trimEnd().split('\n'), folder.dataDir);
}

const from = (lines: readonly string[]): Readable =>
  Readable.from([lines.map((line) => `${line}\n`).join('')]);

test('a history is the same on another machine: its hashes, its projections, and the export of the import', async () => {
  await withExport(async (lines, dataDir) => {
    using folder = scratch();
    const head = projecting(dataDir, 'p.db', (projector, log) => {
      foldAll(projector);
      return log.head();
    });
    const imported = await importLog({ dataDir: folder.dataDir, input: from(lines) });
    expect(imported).toEqual({ events: head.position, head: { position: head.position, hash: head.hash } });
    projecting(folder.dataDir, 'p.db', (projector) => foldAll(projector));
    expect(dump(join(folder.dataDir, 'p.db'))).toEqual(dump(join(dataDir, 'p.db')));
    expect(await exported(folder.dataDir)).toBe(`${lines.join('\n')}\n`);
    expect(await verifyLog({ dataDir: folder.dataDir })).toEqual({
      valid: true,
      checkedTo: head.position,
      firstBad: null,
    });
  });
});

test('a history with line separators within its texts is the same on another machine', async () => {
  using folder = scratch();
  using elsewhere = scratch();
  const log = await openLog({ dataDir: folder.dataDir, logger: silent });
  await appendTo(log, [makeNote('a\u2028b\u2029c\u0085d')]);
  await log.close();
  const { head } = await importLog({
    dataDir: elsewhere.dataDir,
    input: Readable.from([await exported(folder.dataDir)]),
  });
  expect(head).toEqual({ position: 1, hash: log.head().hash });
});

test('an imported log is gone on with', async () => {
  await withExport(async (lines) => {
    using folder = scratch();
    const { head } = await importLog({ dataDir: folder.dataDir, input: from(lines) });
    const log = await openLog({ dataDir: folder.dataDir, logger: silent });
    try {
      expect(log.head()).toMatchObject(head);
      await append(log, rest);
      expect(log.head().position).toBeGreaterThan(head.position);
    } finally {
      await log.close();
    }
    expect(await verifyLog({ dataDir: folder.dataDir })).toMatchObject({ valid: true });
  });
});

test('an export goes up to the head at its start, while the log grows', async () => {
  using folder = scratch();
  const log = await openLog({ dataDir: folder.dataDir, logger: silent });
  try {
    await append(log, told);
    const head = log.head();
    const more = [...rest];
    let lines = '';
    const out = new Writable({
      write(chunk, _, done) {
        lines += String(chunk);
        append(log, more.splice(0, 1)).then(() => done(), done);
      },
    });
    expect(await exportLog({ dataDir: folder.dataDir, out })).toMatchObject({ events: head.position });
    expect(log.head().position).toBeGreaterThan(head.position);
    expect(JSON.parse(lines.trimEnd().split('\n').at(-1)!)).toEqual({ end: head.position, hash: head.hash });
  } finally {
    await log.close();
  }
});

describe('an import is refused, and leaves nothing behind', () => {
  const change = (line: string, fields: object): string => JSON.stringify({ ...JSON.parse(line), ...fields });
  const eventAt = (lines: readonly string[], position: number): number =>
    lines.findIndex((line) => line.startsWith(`{"position":${position},`));

  /** The last event at another time, hashed with that as it is written, and the end with that hash. */
  function forgedAtTheEnd(lines: string[], timeOf: (occurredAt: string) => string): string[] {
    const events = lines.filter((line) => line.startsWith('{"position"'));
    const [before, last] = events.slice(-2).map((line) => JSON.parse(line));
    const occurredAt = timeOf(last.occurredAt);
    const bytes = (digits: string): Buffer => Buffer.from(digits, 'hex');
    const hash = chainHash({
      ...last,
      occurredAt,
      previous: bytes(before.hash),
      id: bytes(last.id),
      stream: last.streamId,
      engine: last.engineId,
      actorKind: last.actor.kind,
      actorName: last.actor.name,
      correlation: bytes(last.correlationId),
      causation: last.causationId === null ? null : bytes(last.causationId),
      dataDigest: bytes(last.dataDigest),
    }).toString('hex');
    const end = change(lines.at(-1)!, { hash });
    return [...lines.slice(0, -2), change(lines.at(-2)!, { occurredAt, hash }), end];
  }

  test.each<[string, (lines: string[]) => string[], RegExp]>([
    [
      'an edited payload',
      (lines) => lines.with(eventAt(lines, 5), lines[eventAt(lines, 5)]!.replace('"data":"{', '"data":"{ ')),
      /^line \d+: the payload at position 5 was changed/,
    ],
    [
      'an edited field',
      (lines) => lines.with(eventAt(lines, 5), change(lines[eventAt(lines, 5)]!, { type: 'ContainerDied' })),
      /^line \d+: the event at position 5 does not follow/,
    ],
    [
      'a line taken out',
      (lines) => lines.toSpliced(eventAt(lines, 5), 1),
      /^line \d+: position 6 does not follow 4/,
    ],
    [
      'two lines in another order',
      (lines) => {
        const at = lines.findIndex(
          (line, index) => line.startsWith('{"position"') && lines[index + 1]!.startsWith('{"position"'),
        );
        return lines.with(at, lines[at + 1]!).with(at + 1, lines[at]!);
      },
      /^line \d+: /,
    ],
    [
      'a line put in twice',
      (lines) => lines.toSpliced(eventAt(lines, 5), 0, lines[eventAt(lines, 5)]!),
      /^line \d+: position 5 does not follow 5/,
    ],
    [
      'an edited container spec',
      (lines) => lines.map((line) => (line.startsWith('{"spec"') ? line.replace('nginx', 'apache') : line)),
      /^line \d+: the container spec [0-9a-f]{64} was changed/,
    ],
    [
      'a container spec taken out',
      (lines) => lines.filter((line) => !line.startsWith('{"spec"')),
      /^line \d+: the container spec [0-9a-f]{64} is missing/,
    ],
    ['a file that was cut between lines', (lines) => lines.slice(0, -3), /^the file was cut after line \d+/],
    [
      'a file that was cut within a line',
      (lines) => [...lines.slice(0, 20), lines[20]!.slice(0, 40)],
      /^line 21: it is no JSON object/,
    ],
    ['another file', () => ['{"hello":"world"}'], /^line 1: it does not begin as an export of Portolan does/],
    ['an empty file', () => [], /^the file was cut after line 0/],
    [
      'a newer format',
      (lines) => lines.with(0, '{"format":"portolan-log","version":2}'),
      /^line 1: it is an export of format version 2; this Portolan knows 1$/,
    ],
    ['more after the end', (lines) => [...lines, lines.at(-1)!], /there is more after the end/],
    ...['0', '000'].map((zeros): [string, (lines: string[]) => string[], RegExp] => [
      `a time with leading zeros (${zeros}) and a chain that was forged to go with it`,
      (lines) => forgedAtTheEnd(lines, (occurredAt) => `${zeros}${occurredAt.slice(zeros.length)}`),
      /^line \d+: (occurredAt|the event at position \d+ does not follow)/,
    ]),
    [
      'a time that no log can hold and a chain that was forged to go with it',
      (lines) => forgedAtTheEnd(lines, () => '9999999999999999999'),
      /^line \d+: occurredAt: nanoseconds/,
    ],
    [
      'a field that is no field',
      (lines) => lines.with(eventAt(lines, 5), change(lines[eventAt(lines, 5)]!, { x: 1 })),
      /^line \d+: .*x/,
    ],
  ])('%s', async (_, spoil, message) => {
    await withExport(async (lines) => {
      using folder = scratch();
      const failure = await importLog({ dataDir: folder.dataDir, input: from(spoil(lines)) }).catch(
        (error) => error,
      );
      expect(failure).toBeInstanceOf(ImportRefused);
      expect(failure.message).toMatch(message);
      expect(existsSync(logPath(folder.dataDir))).toBe(false);
      expect(readdirSync(folder.dataDir).filter((file) => file.startsWith('import'))).toEqual([]);
    });
  });

  test('a folder that has a log', async () => {
    await withExport(async (lines, dataDir) => {
      const before = statSync(logPath(dataDir)).size;
      await expect(importLog({ dataDir, input: from(lines) })).rejects.toMatchObject({ code: 'has-log' });
      expect(statSync(logPath(dataDir)).size).toBe(before);
    });
  });

  test('a folder that a Portolan uses', async () => {
    using folder = scratch();
    const log = await openLog({ dataDir: folder.dataDir, logger: silent });
    try {
      const failure = importLog({ dataDir: folder.dataDir, input: from([]) });
      await expect(failure).rejects.toMatchObject({ code: 'in-use' });
    } finally {
      await log.close();
    }
  });
});

describe('verification beside the writer', () => {
  test('names the first bad position, and a head that is not the one expected', async () => {
    using folder = scratch();
    const { dataDir } = folder;
    await writeLog(dataDir, told);
    const head = projecting(dataDir, 'p.db', (_, log) => log.head());
    const progress: number[] = [];
    const expectHead = parseHead(`${head.position}:${head.hash}`)!;
    const whole = await verifyLog({ dataDir, expectHead, onProgress: (position) => progress.push(position) });
    expect(whole).toEqual({ valid: true, checkedTo: head.position, firstBad: null });
    expect(progress.at(-1)).toBe(head.position);
    const other = { position: head.position, hash: '0'.repeat(64) };
    expect(await verifyLog({ dataDir, expectHead: other })).toMatchObject({
      valid: false,
      firstBad: { position: head.position, reason: 'its hash is not the one that is expected' },
    });
    const later = { position: head.position + 1, hash: head.hash };
    expect(await verifyLog({ dataDir, expectHead: later })).toMatchObject({ valid: false });
    const db = openDatabase(logPath(dataDir), { synchronous: 'FULL' });
    db.exec('DROP TRIGGER events_no_update');
    db.prepare("UPDATE events SET actor_name = 'mallory' WHERE position = 4").run();
    db.close();
    expect(await verifyLog({ dataDir })).toMatchObject({ valid: false, firstBad: { position: 4 } });
  });

  test('of a folder without a log says so', async () => {
    using folder = scratch();
    await expect(verifyLog({ dataDir: folder.dataDir })).rejects.toBeInstanceOf(LogUnusable);
    writeFileSync(logPath(folder.dataDir), '');
    await expect(verifyLog({ dataDir: folder.dataDir })).rejects.toBeInstanceOf(LogUnusable);
  });

  test.each(['', '12', '12:abc', `x:${'0'.repeat(64)}`, `1:${'G'.repeat(64)}`])('%j is no head', (text) => {
    expect(parseHead(text)).toBeNull();
  });
});
