/** Any sequence of batches: dense positions, a whole chain, and what is read is what was appended. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lifecycles } from '../../bench/support/lifecycles.ts';
import type { Event, NewEvent } from '../../src/events/event.ts';
import { createAppender } from '../../src/log/append.ts';
import { encodeEvent } from '../../src/log/encode.ts';
import { openLogFile } from '../../src/log/open-file.ts';
import { verifyChain } from '../../src/log/verify.ts';
import { makeEvent } from './fixtures.ts';
import { appendTo, makeFolder, open, readAll } from './support.ts';

const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex'));

const anyEvent = fc
  .record({
    // Few, so that repeats happen.
    id: fc.nat(60).map((number) => number.toString(16).padStart(32, '0')),
    streamId: fc.string({ minLength: 1, unit: 'grapheme' }),
    engineId: fc.option(fc.string({ minLength: 1 })),
    occurredAt: fc.bigInt(0n, 2n ** 63n - 1n),
    actor: fc.record({
      kind: fc.constantFrom('engine', 'api', 'external', 'portolan'),
      name: fc.string({ unit: 'grapheme' }),
    }),
    correlationId: id,
    causationId: fc.option(id),
    inferred: fc.boolean(),
  })
  .chain((header) =>
    fc.oneof(
      fc
        .string({ unit: 'grapheme' })
        .map((reason) => makeEvent('PortolanStopped', { reason }, header as object)),
      fc
        .dictionary(fc.string(), fc.string())
        .map((labels) => makeEvent('ContainerObserved', observation(labels), header as object)),
    ),
  );

const steps = fc.array(
  fc.record({
    batch: fc.array(anyEvent, { minLength: 1, maxLength: 6 }),
    now: fc.integer({ min: 1_000, max: 9_000 }),
    stale: fc.boolean(),
  }),
  { maxLength: 12 },
);

test('any sequence of batches leaves a dense log with a whole chain, which reads as it was appended', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const folder = makeFolder();
      const db = openLogFile(folder);
      try {
        const appender = createAppender(db);
        const kept: NewEvent[] = [];
        const times: number[] = [];
        for (const { batch, now, stale } of sequence) {
          const expected = kept.length - (stale ? 1 : 0);
          const ids = new Set([...kept, ...batch].map((event) => event.id));
          const repeats = ids.size < kept.length + batch.length;
          const outcome = appender.append(batch.map(encodeEvent), expected, now);
          expect(outcome.kind).toBe(stale ? 'conflict' : repeats ? 'repeated' : 'appended');
          if (outcome.kind !== 'appended') continue;
          kept.push(...batch);
          times.push(...batch.map(() => Math.max(now, times.at(-1) ?? 0)));
        }
        const read = readAll(folder);
        expect(read.map((event) => event.position)).toEqual(kept.map((_, index) => index + 1));
        expect(read.map((event) => event.recordedAt)).toEqual(times);
        expect(read.map(withoutPlace)).toEqual(kept);
        expect(verifyChain(db)).toEqual({ valid: true, checkedTo: kept.length, firstBad: null });
        expect(appender.head().position).toBe(kept.length);
      } finally {
        db.close();
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);

test('a day of lifecycles reads as it was appended, through the thread', async () => {
  const folder = makeFolder();
  const log = await open(folder);
  const appended: Event[] = [];
  for (const { now, events } of lifecycles({ seed: 7, containers: 12 })) {
    appended.push(...(await appendTo(log, events, now)).events);
    if (appended.length > 1_500) break;
  }
  expect(readAll(folder)).toEqual(appended);
});

function withoutPlace(event: Event): NewEvent {
  const { position: _, recordedAt: _at, schemaVersion: _version, hash: _hash, ...made } = event;
  return made as NewEvent;
}

const observation = (labels: Record<string, string>) => ({
  container: 'c'.repeat(64) as never,
  name: 'web',
  spec: {
    image: 'nginx',
    imageId: 'sha256:0',
    createdAt: '2026-01-01T00:00:00Z',
    labels,
    exposed: [80],
    networkMode: 'default',
    healthcheck: false,
    stopSignal: 'SIGTERM',
    env: {},
    restartPolicy: 'no',
  },
  status: 'running' as const,
  health: 'none' as const,
  startedAt: null,
  finishedAt: null,
  exitCode: 0,
  oomKilled: false,
  restartCount: 0,
  networks: [],
  published: [],
});
