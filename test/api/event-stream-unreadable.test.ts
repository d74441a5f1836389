/** Events that cannot be read hold nobody up: the stream and its pages go on behind them, however many there are. */
import { expect, test } from 'vitest';
import { allPages, asking } from '../queries/asking.ts';
import { lifecycles } from '../support/lifecycles.ts';
import { within } from '../support/portolan.ts';
import { append, poison } from '../support/projecting.ts';
import { serveStream } from '../support/streaming.ts';

const { batches } = lifecycles(9, 200);
const early = batches.slice(0, -40);
const late = batches.slice(-40);
const total = early.flatMap(({ events }) => events).length;
const lateTotal = late.flatMap(({ events }) => events).length;
/** More than a page and a stretch. */
const run = { first: 51, last: 400 };
const isReadable = (position: number): boolean => position < run.first || position > run.last;
const all = Array.from({ length: total }, (_, at) => at + 1);

test('a client reads on behind a long run of them, and lives on', async () => {
  await asking(async ({ dataDir, log, queries }) => {
    await append(log, early);
    poison(dataDir, run.first, run.last);
    const streaming = await serveStream(log, queries);
    const client = await streaming.open(0);
    client.resume();
    await within(10_000, 'the head', async () => client.position() === total);
    expect(client.events()).toEqual(all.filter(isReadable));
    await append(log, late);
    await within(10_000, 'what came later', async () => client.position() === log.head().position);
    expect(client.events().length).toBe(all.filter(isReadable).length + lateTotal);
    await streaming.close();
  });
}, 60_000);

test('a log that ends with them leaves the client at the head, from where it resumes', async () => {
  await asking(async ({ dataDir, log, queries }) => {
    await append(log, early);
    poison(dataDir, total - 149, total);
    const streaming = await serveStream(log, queries);
    const client = await streaming.open(total - 160);
    client.resume();
    await within(10_000, 'the head', async () => client.position() === total);
    client.cut();
    const again = await streaming.open(client.position());
    again.resume();
    await append(log, late);
    await within(10_000, 'what came later', async () => again.position() === log.head().position);
    expect(again.events()[0]).toBe(total + 1);
    expect(again.gapless()).toBe(true);
    await streaming.close();
  });
}, 60_000);

for (const order of ['asc', 'desc'] as const) {
  test(`pages go on behind them, also where a whole one is empty (${order})`, async () => {
    await asking(async ({ dataDir, log, queries }) => {
      await append(log, early);
      poison(dataDir, run.first, run.last);
      const found = await allPages((cursor) => queries.events({ order, limit: 100, cursor }));
      const readable = all.filter(isReadable);
      expect(found.map(({ position }) => position)).toEqual(order === 'asc' ? readable : readable.reverse());
    });
  });
}

test('what the log alone can answer waits for no projection', async () => {
  await asking(
    async ({ log, queries }) => {
      await append(log, early);
      const since = Date.parse((await queries.event(10))!.recordedAt);
      const never = await Promise.all([
        queries.events({ order: 'asc', limit: 1_000 }),
        queries.events({ order: 'desc', limit: 10, since, actor: 'engine' }),
        queries.following(0, 100),
      ]);
      expect(never[0].items.length).toBe(Math.min(total, 1_000));
      expect(never[1].items.length).toBe(10);
      expect(never[2]!.last).toBe(100);
    },
    { caughtUp: () => new Promise(() => undefined) },
  );
});
