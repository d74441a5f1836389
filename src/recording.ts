/** What decides and records: the loop and what watches over it, from the record of the start to that of the stop. */
import type { Config } from './config.ts';
import { type Arrivals, createArrivals } from './control/arrivals.ts';
import { settleOpenCommands } from './control/commands.ts';
import { createLeaving, type Leaving } from './control/leaving.ts';
import { createLoop, type Loop } from './control/loop.ts';
import { journal } from './control/notes.ts';
import { createOutage, type Outage } from './control/outage.ts';
import { policyOf } from './control/policy.ts';
import { foldInto } from './control/recover.ts';
import { createRefusalCounter, type RefusalCounter } from './control/refusals.ts';
import { createSnapshots } from './control/snapshots.ts';
import { createTableFeed } from './control/table-feed.ts';
import { createWarnings, type Warnings } from './control/warnings.ts';
import type { Placement } from './docker/engine.ts';
import type { Policy, Reach } from './events/decisions.ts';
import type { DataOf } from './events/event.ts';
import { uniqueKey } from './events/keys.ts';
import { LogUnwritable } from './log/port.ts';
import type { Logger } from './observability/logger.ts';
import type { Serving } from './serving.ts';

export interface Recording {
  readonly loop: Loop;
  readonly outage: Outage;
  readonly warnings: Warnings;
  readonly leaving: Leaving;
  readonly arrivals: Arrivals;
  readonly refusals: RefusalCounter;
  /** What the settings make of an engine that is reached like this. */
  policyAt(placement: Placement): Policy;
  /** Records what came in before, and the stop as the last of it. */
  stop(stopped: DataOf<'PortolanStopped'>): Promise<void>;
}

export interface RecordingOptions {
  readonly config: Config;
  readonly version: string;
  /** The simulator's way to reach containers, instead of one found out from the engine. */
  readonly reach?: Reach | undefined;
  readonly logger: Logger;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  /** The log could not be written and can be again: nobody knows what the engine told meanwhile. */
  readonly onOutageOver: () => void;
}

/** Events since the last snapshot for which the end of a run takes another. */
const worthSnapshot = 100;

export function startRecording(serving: Serving, options: RecordingOptions): Recording {
  const { logger, now, onError, onOutageOver } = options;
  const { log, state, read, proxy, served, entries } = serving;
  const outage = createOutage({ loop: () => loop, now, onOver: onOutageOver, onError });
  const onNoSnapshot = (error: unknown): void => {
    if (error instanceof LogUnwritable)
      logger.warn({ hint: error.hint }, `no snapshot was taken: ${error.message}`);
    else onError(error);
  };
  const snapshots = createSnapshots({ log, loop: () => loop, now, onError: onNoSnapshot }, serving.snapshot);
  const warnings = createWarnings(
    () => loop.state(),
    (warning) => logger.warn(warning),
  );
  const loop: Loop = createLoop({
    log,
    state,
    now,
    feed: createTableFeed(entries, (delta) => proxy.apply(served.delta(delta))),
    catchUp: (behind) => read((reader) => foldInto(behind, reader)),
    onCommit(events, head) {
      snapshots.committed(head);
      warnings.committed(events);
    },
    onUnwritable(error) {
      if (outage.begin(error)) logger.error({ code: error.code, hint: error.hint }, error.message);
    },
    onError,
  });
  const arrivals = createArrivals({ state: loop.state, settled: loop.settled, tell: proxy.arriving });
  const policyAt = createPolicies(serving, options);
  recordStart(loop, serving, policyAt, options);
  const { drain } = options.config;
  const leaving = createLeaving({ state: loop.state, served, quiet: proxy.quiet, drain });
  const refusals = createRefusalCounter(
    (data) => loop.submit(journal('CommandRefused', data, null, now())),
    now,
  );

  async function stop(stopped: DataOf<'PortolanStopped'>): Promise<void> {
    refusals.stop();
    loop.submit(journal('PortolanStopped', stopped, null, now()));
    await loop.settled();
    await snapshots.take(worthSnapshot);
    loop.stop();
    outage.stop();
  }
  return { loop, outage, warnings, leaving, arrivals, refusals, policyAt, stop };
}

function createPolicies(serving: Serving, { config, reach }: RecordingOptions): Recording['policyAt'] {
  const ownPorts = [...serving.addresses.map(({ port }) => port), config.apiPort].filter((port) => port > 0);
  return ({ reach: found, ownContainer }) =>
    policyOf(config, ownPorts, { reach: reach ?? found, ownContainer });
}

/** That this run has begun, what the one before left open, and what the settings of now change before the engine answers. */
function recordStart(
  loop: Loop,
  { state, heartbeat, bootId, tookOver }: Serving,
  policyAt: Recording['policyAt'],
  { version, now }: RecordingOptions,
): void {
  const lastAlive = heartbeat?.alive ?? null;
  const started = { version, bootId, lastAlive, ...(tookOver ? { tookOver: true as const } : {}) };
  loop.submit(journal('PortolanStarted', started, null, now()));
  settleOpenCommands(loop, now());
  if (state.policy !== null) loop.submit({ kind: 'policy', policy: policyAt(state.policy), id: uniqueKey() });
}
