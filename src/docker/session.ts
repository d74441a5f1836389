/** One connection to the engine from its first call to its end: who it is, its stream, and when it has to be renewed. */
import type { Logger } from 'pino';
import type { Connections } from './connection.ts';
import { type Drain, drainUntilQuiet } from './drain.ts';
import { EngineError, type EngineInfo, type EngineSink, type LastSeen, type Placement } from './engine.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import { type Identity, identify } from './identify.ts';
import { createIntake, engineClock, type Intake } from './intake.ts';
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
  readonly onConnected: (info: EngineInfo, placement: Placement) => void;
  /** @throws {EngineError} if it cannot be told: nothing is routed without it, so the connection has failed then */
  readonly locate: (info: EngineInfo) => Promise<Placement>;
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

/** Subscribes first, then lists; the stream is never held up by inspections. */
export function openSession(options: SessionOptions): Session {
  const { connections, timings, logger } = options;
  const ended = Promise.withResolvers<SessionEnd>();
  const closing = new AbortController();
  const { signal } = closing;
  let open: { identity: Identity; stream: EventStream; intake: Intake } | undefined;
  let drain: Drain | undefined;
  let caughtUp = false;
  let looking = false;
  const stalls = watchStalls(timings.stall, onStall);
  const timer = setInterval(() => guard(lookForDrifts()), timings.reconcile);

  function finish(kind: SessionEnd['kind'], reason: string): void {
    if (signal.aborted) return;
    closing.abort(new EngineError(reason, 503));
    stalls.stop();
    clearInterval(timer);
    drain?.stop();
    open?.intake.stop();
    open?.stream.close();
    ended.resolve({ kind, reason, caughtUp });
  }

  /** Whatever fails here is the connection's failure; after the end, nobody waits for it. */
  function guard(work: Promise<unknown>): void {
    work.catch((error: Error) => finish('failed', error.message));
  }

  async function connect(): Promise<void> {
    const identity = await identify(connections.reading, timings.deadline, signal);
    const placement = await options.locate(identity.info);
    const engine = identity.info.id;
    const last = options.lastSeen?.engine === engine ? options.lastSeen : null;
    const since = startOfStream(identity.systemTime, last);
    const { deadline } = timings;
    const stream = await openEventStream({ docker: connections.events, since, deadline, signal });
    if (signal.aborted) return stream.close();
    options.onConnected(identity.info, placement);
    if (last === null) options.onSeen({ engine, timeNano: since, arrived: false });
    const intake = createIntake({ ...options, identity, placement, last, signal });
    open = { identity, stream, intake };
    stream.read({
      onChunk: stalls.check,
      onMessage: take,
      onGarbage: (problem) => logger.warn({ problem }, 'the engine sent something that is not understood'),
      onEnd: (reason) => finish('cut', reason),
    });
    await intake.catchUp();
    caughtUp = true;
  }

  function take(message: EngineMessage): void {
    if (signal.aborted) return;
    if (drain === undefined || drain.accepts(message.timeNano)) open?.intake.take(message);
  }

  /** A difference that no signal announced: the stream may have gone deaf, so it is subscribed to again. */
  async function lookForDrifts(): Promise<void> {
    if (open === undefined || !caughtUp || looking) return;
    looking = true;
    const drifts = await open.intake.findDrifts();
    looking = false;
    if (drifts.length === 0 || signal.aborted) return;
    logger.debug({ containers: drifts }, 'the engine changed containers without a signal');
    options.sink.drift(drifts.length);
    finish('renewed', 'the event stream left out changes');
  }

  function onStall(): void {
    if (open === undefined || drain !== undefined || signal.aborted) return;
    logger.info('the process stood still; the event stream is subscribed to again');
    const renew = () => finish('renewed', 'the process stood still');
    drain = drainUntilQuiet(timings.stall, engineClock(open.identity), renew);
  }

  guard(connect());
  return {
    ended: ended.promise,
    reconcile() {
      if (open !== undefined) guard(open.intake.catchUp());
    },
    end: () => finish('renewed', 'stopped'),
  };
}

const margin = 5_000_000_000n;

/**
 * The response's head comes before the subscription itself, so a time is always given: what happens in between is
 * replayed. The margin of 5 s behind the last event makes the log see again what it may not have kept.
 */
function startOfStream(systemTime: bigint, last: LastSeen | null): bigint {
  if (last === null) return systemTime;
  const start = last.arrived ? last.timeNano - margin : last.timeNano;
  return start < systemTime ? start : systemTime;
}
