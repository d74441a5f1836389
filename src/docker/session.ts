/** One connection to the engine from its first call to its end: who it is, its stream, its list, and what they lead to. */
import type { Logger } from 'pino';
import type { ContainerId, EngineId } from '../events/ids.ts';
import type { Connections } from './connection.ts';
import { type Drain, drainUntilQuiet } from './drain.ts';
import { EngineError, type EngineInfo, type EngineSink, type LastSeen } from './engine.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import { type Identity, identify } from './identify.ts';
import { createInspector, type Inspector } from './inspector.ts';
import { listContainers } from './list.ts';
import { createReconciler, type Reconciler } from './reconcile.ts';
import { createReplay, type Replay } from './replay.ts';
import type { Conceal } from './secrets.ts';
import type { SignalFilter } from './signal-filter.ts';
import type { EngineMessage } from './signals.ts';
import { watchStalls } from './stall.ts';
import type { Timings } from './timings.ts';

export interface SessionOptions {
  readonly connections: Connections;
  readonly conceal: Conceal;
  readonly logger: Logger;
  readonly timings: Timings;
  readonly sink: EngineSink;
  /** What has been seen in this run, over all sessions. */
  readonly filter: SignalFilter;
  readonly lastSeen: LastSeen | null;
  readonly onSeen: (last: LastSeen) => void;
  /** The subscription stands and the engine has told who it is. */
  readonly onConnected: (info: EngineInfo) => void;
}

/**
 * `cut`: the stream ended after it stood; `failed`: a call failed or went unanswered; `renewed`: on our own account,
 * to subscribe again.
 */
export interface SessionEnd {
  readonly kind: 'cut' | 'failed' | 'renewed';
  readonly reason: string;
  /** The list was taken in whole. */
  readonly caughtUp: boolean;
}

export interface Session {
  readonly ended: Promise<SessionEnd>;
  reconcile(): void;
  end(): void;
}

/** What exists from the moment on at which the engine is known. */
interface Parts {
  readonly engine: EngineId;
  readonly identity: Identity;
  readonly inspector: Inspector;
  readonly reconciler: Reconciler;
  readonly replay: Replay;
}

/** Subscribes first, then lists; the stream is never held up by inspections. */
export function openSession(options: SessionOptions): Session {
  const { connections, timings, sink, filter, logger } = options;
  const ended = Promise.withResolvers<SessionEnd>();
  const closing = new AbortController();
  const { signal } = closing;
  let parts: Parts | undefined;
  let stream: EventStream | undefined;
  let drain: Drain | undefined;
  let caughtUp = false;
  let catchingUp: Promise<void> = Promise.resolve();
  const stalls = watchStalls(timings.stall, onStall);
  const timer = setInterval(() => void guard(lookForDrifts()), timings.reconcile);

  function finish(kind: SessionEnd['kind'], reason: string): void {
    if (signal.aborted) return;
    closing.abort(new EngineError(reason, 503));
    stalls.stop();
    clearInterval(timer);
    drain?.stop();
    parts?.replay.stop();
    parts?.inspector.stop();
    stream?.close();
    ended.resolve({ kind, reason, caughtUp });
  }

  /** Whatever fails here is the connection's failure; after the end, nobody waits for it. */
  const guard = (work: Promise<unknown>): Promise<void> =>
    work.then(
      () => undefined,
      (error: Error) => finish('failed', error.message),
    );

  async function connect(): Promise<void> {
    const identity = await identify(connections.reading, timings.deadline, signal);
    const { lastSeen } = options;
    const last = lastSeen?.engine === identity.info.id ? lastSeen.timeNano : null;
    const since = startOfStream(identity.systemTime, last);
    const opened = await openEventStream({
      docker: connections.events,
      since,
      deadline: timings.deadline,
      signal,
    });
    if (signal.aborted) return opened.close();
    stream = opened;
    options.onConnected(identity.info);
    parts = createParts(options, identity, last, signal);
    stream.read({
      onChunk: stalls.check,
      onMessage: take,
      onGarbage: (problem) => logger.warn({ problem }, 'the engine sent something that is not understood'),
      onEnd: (reason) => finish('cut', reason),
    });
    await catchUp(parts);
  }

  function take(message: EngineMessage): void {
    if (parts === undefined || signal.aborted) return;
    if (drain !== undefined && !drain.accepts(message.timeNano)) return;
    parts.replay.take(message);
  }

  function catchUp(present: Parts): Promise<void> {
    const { engine, replay, reconciler } = present;
    catchingUp = catchingUp.then(async () => {
      const entries = await listContainers(connections.reading, timings.deadline * 2, signal);
      replay.listed();
      await replay.settled;
      if (signal.aborted) return;
      await reconciler.inspectAll(entries);
      if (signal.aborted) return;
      caughtUp = true;
      sink.caughtUp(engine);
    });
    return catchingUp;
  }

  /** A difference that no signal announced: the stream may have gone deaf, so it is subscribed to again. */
  async function lookForDrifts(): Promise<void> {
    if (parts === undefined || !caughtUp) return;
    const drifts = await parts.reconciler.findDrifts();
    if (drifts.length === 0 || signal.aborted) return;
    logger.debug({ containers: drifts }, 'the engine changed containers without a signal');
    sink.drift(drifts.length);
    finish('renewed', 'the event stream left out changes');
  }

  function onStall(): void {
    if (parts === undefined || drain !== undefined || signal.aborted) return;
    logger.info('the process stood still; the event stream is subscribed to again');
    const now = BigInt(Date.now()) * 1_000_000n + parts.identity.clockOffset;
    drain = drainUntilQuiet(timings.stall, now, () => finish('renewed', 'the process stood still'));
  }

  void guard(connect());
  return {
    ended: ended.promise,
    reconcile() {
      if (parts !== undefined) void guard(catchUp(parts));
    },
    end: () => finish('renewed', 'stopped'),
  };

  function createParts(
    _: SessionOptions,
    identity: Identity,
    last: bigint | null,
    until: AbortSignal,
  ): Parts {
    const engine = identity.info.id;
    const now = () => BigInt(Date.now()) * 1_000_000n + identity.clockOffset;
    const inspector = createInspector({
      docker: connections.reading,
      conceal: options.conceal,
      wasDestroyed: filter.wasDestroyed,
      deliver: (sighting, cause) => sink.sighting(engine, sighting, cause),
      onFailure: (container, error) => logger.warn({ container, error: error.message }, 'inspecting failed'),
      deadline: timings.deadline,
    });
    const reconciler = createReconciler({
      list: () => listContainers(connections.reading, timings.deadline * 2, until),
      known: () => sink.known(engine),
      inspector,
      now: () => Number(now() / 1_000_000n),
      confirm: timings.confirm,
      signal: until,
    });
    const release = (message: EngineMessage) => {
      if (!filter.isNew(engine, message)) return;
      options.onSeen({ engine, timeNano: message.timeNano });
      if (message.signal === null || !filter.matters(message.signal)) return;
      reconciler.announced(message.signal.container as ContainerId);
      sink.signal(engine, message.signal);
      void inspector.inspect(message.signal.container, 'signal');
    };
    const onGap = (gap: Parameters<EngineSink['gap']>[1]) => sink.gap(engine, gap);
    const replay = createReplay({ last, quiet: timings.quiet, longest: timings.replay, now, onGap, release });
    return { engine, identity, inspector, reconciler, replay };
  }
}

const margin = 5_000_000_000n;

/**
 * The response's head comes before the subscription itself, so a time is always given: what happens in between is
 * replayed. The margin of 5 s behind the last event lets the log drop repeats of what it may not have kept.
 */
function startOfStream(systemTime: bigint, last: bigint | null): bigint {
  if (last === null) return systemTime;
  return last - margin < systemTime ? last - margin : systemTime;
}
