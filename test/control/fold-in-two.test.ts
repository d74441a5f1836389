/** A fold from the start on two threads, held against the one on one. */
import { describe, expect, test } from 'vitest';
import { type Folding, foldInTwo } from '../../src/control/fold-in-two.ts';
import { foldInto } from '../../src/control/recover.ts';
import type { LogReader } from '../../src/log/port.ts';
import { createLogReader } from '../../src/log/read.ts';
import { freeze } from '../../src/routing/freeze.ts';
import { createState, type State } from '../../src/routing/state.ts';
import { forge } from '../log/support.ts';
import type { Batch } from '../support/events.ts';
import { lifecycles } from '../support/lifecycles.ts';
import { scratch, writeLog } from '../support/projecting.ts';

const { batches } = lifecycles(11, 40);

describe('gives the state that the fold on one thread gives where the log ends with', () => {
  const ends = new Map(batches.map(({ events }, index) => [events.at(-1)!.type, index + 1]));

  test.each([...ends])('%s', async (_, length) => {
    using log = await written(batches.slice(0, length));
    const whole = createState();
    foldInto(whole, log.reader);
    const inTwo = await log.foldInTwo();
    expect(stored(inTwo!)).toEqual(stored(whole));
  });
});

test('a short log is not worth a thread', async () => {
  using log = await written(batches);
  expect(await foldInTwo(log.reader, log.dataDir, (reason) => log.reasons.push(reason))).toBeNull();
  expect(log.reasons).toEqual([]);
});

describe('an event that cannot be read leaves the fold to one thread, which sets it aside in its place', () => {
  const events = batches.flatMap((batch) => batch.events);
  const positionOf = (type: string): number => events.findIndex((event) => event.type === type) + 1;

  test.each([
    ['a signal that nothing follows from', `data = '{"no":"sense"}'`, positionOf('ContainerStarted')],
    ['a signal that is told of', `data = NULL`, positionOf('ContainerKilled')],
    ['an observation', `data = '{"no":"sense"}'`, positionOf('ContainerObserved')],
    ['one of a type that is not known', `type = 'ContainerSang'`, positionOf('RouteClosed')],
  ])('%s', async (_, change, position) => {
    using log = await written(batches);
    forge(log.dataDir, `UPDATE events SET ${change} WHERE position = ${position}`);
    expect(await log.foldInTwo()).toBeNull();
    expect(log.reasons).toEqual([expect.stringContaining(`position ${position} cannot be read`)]);
    expect(foldInto(createState(), log.reader)).toMatchObject([{ position }]);
  });
});

describe('a second thread that gives nothing leaves the fold to one, and is said to', () => {
  test.each([
    ['hangs', 'setInterval(() => undefined, 1_000)', /took more than/],
    ['spins', 'for (;;);', /took more than/],
    ['fails', 'throw new Error("out of luck")', /out of luck/],
    ['ends without a word', '', /without a word/],
    [
      'gives what is no state',
      'import { parentPort } from "node:worker_threads"; parentPort.postMessage("sand")',
      /JSON/,
    ],
  ])('as it %s', async (_, code, reason) => {
    using log = await written(batches);
    const thread = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
    expect(await log.foldInTwo({ thread, patience: 200 })).toBeNull();
    expect(log.reasons).toEqual([expect.stringMatching(reason)]);
  });

  test('as it cannot be started', async () => {
    using log = await written(batches);
    expect(await log.foldInTwo({ thread: new URL('http://localhost/fold-thread.ts') })).toBeNull();
    expect(log.reasons).toEqual([expect.stringMatching(/scheme file/)]);
  });
});

interface Written {
  readonly dataDir: string;
  readonly reader: LogReader;
  /** Why it was in vain. */
  readonly reasons: string[];
  foldInTwo(changes?: Partial<Folding>): Promise<State | null>;
  [Symbol.dispose](): void;
}

async function written(story: readonly Batch[]): Promise<Written> {
  const folder = scratch();
  const { dataDir } = folder;
  await writeLog(dataDir, story);
  const reader = createLogReader(dataDir);
  const reasons: string[] = [];
  return {
    dataDir,
    reader,
    reasons,
    foldInTwo: (changes) =>
      foldInTwo(reader, dataDir, (reason) => reasons.push(reason), { worthwhile: 0, ...changes }),
    [Symbol.dispose]() {
      reader.close();
      folder[Symbol.dispose]();
    },
  };
}

const stored = (state: State): unknown => JSON.parse(Buffer.from(freeze(state)).toString());
