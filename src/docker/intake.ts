/** What becomes of one session's messages and lists: signals to the sink, inspections, and the sightings they yield. */
import type { Logger } from 'pino';
import type { ContainerId } from '../events/ids.ts';
import type { Connections } from './connection.ts';
import type { EngineSink, LastSeen, Placement } from './engine.ts';
import type { Identity } from './identify.ts';
import { createInspector } from './inspector.ts';
import { listContainers } from './list.ts';
import { createNetworkDrivers } from './network-drivers.ts';
import { createReconciler } from './reconcile.ts';
import { createReplay } from './replay.ts';
import type { Conceal } from './secrets.ts';
import type { SignalFilter } from './signal-filter.ts';
import type { EngineMessage } from './signals.ts';
import type { Timings } from './timings.ts';

export interface IntakeOptions {
  readonly connections: Connections;
  readonly conceal: Conceal;
  readonly logger: Logger;
  readonly timings: Timings;
  readonly sink: EngineSink;
  readonly filter: SignalFilter;
  readonly identity: Identity;
  readonly placement: Placement;
  /** How far the stream of this engine was known before; null if it never was followed. */
  readonly last: LastSeen | null;
  readonly onSeen: (last: LastSeen) => void;
  /** The session's end. */
  readonly signal: AbortSignal;
}

export interface Intake {
  take(message: EngineMessage): void;
  /** Lists and inspects; resolves when all that the list showed has been delivered. One at a time. */
  catchUp(): Promise<void>;
  findDrifts(): Promise<ContainerId[]>;
  stop(): void;
}

export function createIntake(options: IntakeOptions): Intake {
  const { connections, timings, sink, filter, identity, signal, logger } = options;
  const engine = identity.info.id;
  const now = () => engineClock(identity);
  const list = () => listContainers(connections.reading, timings.deadline * 2, signal);
  let catchingUp: Promise<void> = Promise.resolve();

  const inspector = createInspector({
    docker: connections.reading,
    conceal: options.conceal,
    drivers: createNetworkDrivers({ docker: connections.reading, deadline: timings.deadline, signal }),
    wasDestroyed: filter.wasDestroyed,
    deliver: (sighting, cause) => sink.sighting(engine, sighting, cause),
    onFailure: (container, { message }) => logger.warn({ container, error: message }, 'an inspection failed'),
    deadline: timings.deadline,
  });
  const reconciler = createReconciler({
    list,
    known: () => sink.known(engine),
    inspector,
    addressesTell: options.placement.reach.kind !== 'published',
    now: () => Number(now() / 1_000_000n),
    confirm: timings.confirm,
    signal,
  });
  const replay = createReplay({
    last: options.last,
    followedSince: filter.followedSince(engine, now()),
    hasSeen: (message) => filter.hasSeen(engine, message),
    quiet: timings.quiet,
    longest: timings.replay,
    now,
    onGap: (gap) => sink.gap(engine, gap),
    release,
  });

  /** The signal first, then what it causes. */
  function release(message: EngineMessage): void {
    if (!filter.isNew(engine, message)) return;
    options.onSeen({ engine, timeNano: message.timeNano, arrived: true });
    if (message.signal === null || !filter.matters(message.signal)) return;
    const { container } = message.signal;
    reconciler.announced(container);
    // What it finds is never delivered within this call.
    sink.signal(engine, message.signal, inspector.inspect(container, 'signal'));
  }

  async function takeInList(): Promise<void> {
    const entries = await list();
    replay.listed();
    await replay.settled;
    if (signal.aborted) return;
    await reconciler.inspectAll(entries, () => sink.confirmed(engine));
    if (!signal.aborted) sink.caughtUp(engine);
  }

  return {
    take: replay.take,
    catchUp() {
      catchingUp = catchingUp.then(takeInList);
      return catchingUp;
    },
    findDrifts: reconciler.findDrifts,
    stop() {
      replay.stop();
      inspector.stop();
    },
  };
}

/** Nanoseconds that the engine's clock shows now. */
export const engineClock = (identity: Identity): bigint =>
  BigInt(Date.now()) * 1_000_000n + identity.clockOffset;
