/** The event stream under many clients: none is held up by those that do not read, and those go on from where they stood. */
import { expect, test } from 'vitest';
import { lifecycles, type Step } from '../../bench/support/lifecycles.ts';
import { asking } from '../queries/asking.ts';
import { within } from '../support/portolan.ts';
import { append } from '../support/projecting.ts';
import { type StreamClient, serveStream } from '../support/streaming.ts';

/** @returns a source of commits of about so many events */
function createDay() {
  const day = lifecycles({ seed: 4, containers: 200 });
  return (events: number): Step => {
    const taken: Step['events'][number][] = [];
    let now = 0;
    while (taken.length < events) {
      const step = day.next().value;
      taken.push(...step.events);
      now = step.now;
    }
    return { now, events: taken };
  };
}

const reached = (clients: readonly StreamClient[], position: number): Promise<unknown> =>
  within(60_000, `all clients to have read up to ${position}`, async () =>
    clients.every((one) => one.position() === position),
  );

test('200 clients see each event once while 50 of them are stuck, and the stuck ones then do, too', async () => {
  await asking(async ({ log, queries }) => {
    const commit = createDay();
    // More than the buffers of a connection hold, so that who does not read from the start is stuck.
    for (let at = 0; at < 14; at += 1) await append(log, [commit(1_000)]);
    const before = log.head().position;
    let furthest = 0;
    const streaming = await serveStream(log, {
      following(position, limit) {
        if (position < before) furthest = Math.max(furthest, position);
        return queries.following(position, limit);
      },
    });
    const stuck = await Promise.all(Array.from({ length: 50 }, () => streaming.open(0)));
    const reading = await Promise.all(Array.from({ length: 150 }, () => streaming.open(before)));
    for (const one of reading) one.resume();
    for (let at = 0; at < 100; at += 1) await append(log, [commit(3)]);
    await reached(reading, log.head().position);
    expect(reading.every((one) => one.gapless())).toBe(true);
    expect(furthest).toBeGreaterThan(0);
    expect(furthest, 'where the stuck ones stand').toBeLessThan(before - 1_000);
    for (const one of stuck) one.resume();
    await append(log, [commit(3)]);
    await reached([...reading, ...stuck], log.head().position);
    expect([...reading, ...stuck].every((one) => one.gapless())).toBe(true);
    await streaming.close();
  });
}, 180_000);

test('a client that is cut anywhere and comes back while commits go on sees each event once', async () => {
  await asking(async ({ log, queries }) => {
    const commit = createDay();
    const streaming = await serveStream(log, queries);
    let position = 0;
    for (let round = 0; round < 60; round += 1) {
      const client = await streaming.open(position);
      client.resume();
      const goal = position + 1 + ((round * 7) % 5);
      for (let at = 0; at <= round % 4 || log.head().position < goal; at += 1) {
        await append(log, [commit(1 + (round % 3))]);
      }
      await within(10_000, `event ${goal}`, async () => client.position() >= goal);
      client.cut();
      expect(client.gapless()).toBe(true);
      position = client.position();
    }
    const last = await streaming.open(position);
    last.resume();
    await reached([last], log.head().position);
    expect(last.gapless()).toBe(true);
    await streaming.close();
  });
}, 120_000);
