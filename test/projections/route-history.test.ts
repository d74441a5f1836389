/** Intervals: what was served, from when to when, and never across a time in which nothing was. */
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NewEvent } from '../../src/events/event.ts';
import { createStory, type Story } from '../support/events.ts';
import { lifecycles } from '../support/lifecycles.ts';
import { foldAll, projecting, rowsOf, scratch, writeLog } from '../support/projecting.ts';

interface Interval {
  readonly route: string;
  readonly targets: string;
  readonly from_position: number;
  readonly to_position: number | null;
  readonly from_ms: number;
  readonly to_ms: number | null;
  readonly reason: string | null;
  readonly resumed: string | null;
  readonly decided_position: number | null;
}

async function intervalsOf(story: Story): Promise<Interval[]> {
  using folder = scratch();
  await writeLog(folder.dataDir, story.batches);
  projecting(folder.dataDir, 'p.db', (projector) => foldAll(projector, [5]));
  const path = join(folder.dataDir, 'p.db');
  return rowsOf<Interval>(path, 'SELECT * FROM route_history ORDER BY from_position, route');
}

/** What the log says, told again in the plainest way: routes in force, and whether Portolan serves at all. */
function* served(events: readonly NewEvent[]): Generator<Map<string, string>> {
  const inForce = new Map<string, string>();
  let serves = true;
  let boot: string | null = null;
  let confirmed: string | null = null;
  for (const { type, data } of events) {
    if (type === 'RouteOpened' || type === 'RouteChanged')
      inForce.set(data.route, JSON.stringify(data.targets));
    else if (type === 'RouteClosed') inForce.delete(data.route);
    else if (type === 'PortolanStopped') serves = false;
    else if (type === 'PortolanStarted') {
      boot = data.bootId;
      if (data.lastAlive === null) confirmed = null;
      serves = boot === confirmed;
    } else if (type === 'EngineConnected') {
      confirmed = boot;
      serves = true;
    }
    yield serves ? new Map(inForce) : new Map();
  }
}

test('at every position the intervals are the fold of the decisions up to it', async () => {
  const stories = fc.record({ seed: fc.nat(), length: fc.integer({ min: 1, max: 60 }) });
  await fc.assert(
    fc.asyncProperty(stories, async ({ seed, length }) => {
      const story = lifecycles(seed, length);
      const intervals = await intervalsOf(story);
      let position = 0;
      for (const expected of served(story.events())) {
        position += 1;
        const spanning = intervals.filter(
          (one) => one.from_position <= position && (one.to_position ?? Infinity) > position,
        );
        expect(spanning.map((one) => [one.route, one.targets]).sort()).toEqual([...expected].sort());
      }
      for (const { from_ms, to_ms } of intervals) expect(to_ms ?? Infinity).toBeGreaterThanOrEqual(from_ms);
    }),
    { numRuns: 30 },
  );
});

describe('a time in which Portolan was away', () => {
  /** One route, open for a while. */
  function begun() {
    const story = createStory();
    story.started('boot-1', null);
    story.connected();
    story.policy();
    const web = story.container('web');
    web.started();
    story.pass(10_000);
    return { story, web };
  }

  test('killed: the interval ends at the last sign of life, and goes on with the start on the same boot', async () => {
    const { story } = begun();
    const alive = story.instant();
    story.pass(60_000);
    story.started('boot-1', alive);
    const restarted = story.now();
    const [before, after] = await intervalsOf(story);
    expect(before).toMatchObject({ to_ms: Date.parse(alive), reason: 'away' });
    expect(after).toMatchObject({ from_ms: restarted, to_ms: null, targets: before!.targets });
    expect(after!.from_position).toBe(before!.to_position);
    expect(before).toMatchObject({ resumed: null, decided_position: null });
    expect(after).toMatchObject({ resumed: 'away', decided_position: before!.from_position });
  });

  test('killed: an event recorded after the last heartbeat is a later sign of life', async () => {
    const { story } = begun();
    const beat = story.instant();
    story.pass(700);
    story.away();
    const last = story.now();
    story.pass(60_000);
    story.started('boot-1', beat);
    expect((await intervalsOf(story))[0]).toMatchObject({ to_ms: last });
  });

  test('stopped: the interval ends with the stop', async () => {
    const { story } = begun();
    story.ended();
    const ended = story.now();
    story.pass(60_000);
    story.started('boot-1', new Date(ended).toISOString());
    const [before, after] = await intervalsOf(story);
    expect(before).toMatchObject({ to_ms: ended, reason: 'away' });
    expect(after).toMatchObject({ from_ms: story.now(), to_ms: null });
  });

  test('on another boot nothing is served until the engine is reached', async () => {
    const { story } = begun();
    const alive = story.instant();
    story.pass(60_000);
    story.started('boot-2', alive);
    expect(await intervalsOf(story)).toHaveLength(1);
    story.pass(5_000);
    story.connected();
    const [, after] = await intervalsOf(story);
    expect(after).toMatchObject({ from_ms: story.now(), to_ms: null });
  });

  test('a log without a sign of life was brought here or put back: nothing is served of it until the engine is reached', async () => {
    const { story } = begun();
    story.pass(60_000);
    story.started('boot-1', null);
    story.pass(60_000);
    story.started('boot-1', story.instant());
    expect(await intervalsOf(story)).toHaveLength(1);
    story.connected();
    expect((await intervalsOf(story))[1]).toMatchObject({ from_ms: story.now(), to_ms: null });
  });

  test('a boot on which the engine was never reached is still another one', async () => {
    const { story } = begun();
    story.pass(60_000);
    story.started('boot-2', null);
    story.pass(60_000);
    story.started('boot-2', null);
    expect(await intervalsOf(story)).toHaveLength(1);
  });

  test('a route that was closed before the engine was reached does not come back, and the decision is kept', async () => {
    const { story, web } = begun();
    const alive = story.instant();
    story.pass(60_000);
    story.started('boot-2', alive);
    story.policy({ expose: 'labeled' });
    story.connected();
    web.observe(web.become('exited'), alive);
    const closed = story.events().findIndex((event) => event.type === 'RouteClosed') + 1;
    const [before, after, ...more] = await intervalsOf(story);
    expect(before).toMatchObject({ reason: 'away' });
    expect(after).toMatchObject({ from_position: closed, to_position: closed, reason: 'policy' });
    expect(more).toEqual([]);
  });

  test('an engine that is away for a while ends nothing: its routes are served unconfirmed', async () => {
    const { story } = begun();
    story.away();
    story.pass(60_000);
    story.connected();
    expect(await intervalsOf(story)).toMatchObject([{ to_ms: null }]);
  });
});

test('an interval says why it ended: the reason of a close, or that only the targets changed', async () => {
  const story = createStory();
  story.policy();
  const web = story.container('web');
  web.started();
  story.pass(1_000);
  web.started();
  story.pass(1_000);
  web.paused();
  expect((await intervalsOf(story)).map((one) => one.reason)).toEqual(['changed', 'paused']);
});

describe('a time in which the log could not be written', () => {
  test('cuts the intervals where it began, and what is served goes on with the event that tells of it', async () => {
    const story = createStory();
    story.started('boot-1', null);
    story.connected();
    story.policy();
    story.container('web').started();
    story.pass(10_000);
    const from = story.now();
    story.pass(5_000);
    story.note('RecordingGapDetected', {
      from: new Date(from).toISOString(),
      to: story.instant(),
      lost: 2,
      reason: 'disk full',
    });
    const told = story.events().length;
    const [before, after, ...more] = await intervalsOf(story);
    expect(before).toMatchObject({ to_position: told, to_ms: from, reason: 'unrecorded' });
    expect(after).toMatchObject({ from_position: told, from_ms: from + 5_000, to_position: null });
    expect(more).toEqual([]);
  });

  test('that was before Portolan served at all begins nothing', async () => {
    const story = createStory();
    story.started('boot-1', null);
    const from = story.instant();
    story.pass(1_000);
    story.note('RecordingGapDetected', { from, to: story.instant(), lost: 0, reason: 'disk full' });
    expect(await intervalsOf(story)).toEqual([]);
  });
});
