/** The live side of the system, as the API shows it. */
import type { EngineInfo } from '../docker/engine.ts';
import { isSetBack, type Log, type LogHead, type UnreadableEvent } from '../log/port.ts';
import type { Outage } from './outage.ts';
import type { EngineState, StatusPort } from './port.ts';
import type { TrustKeeper } from './trust.ts';

export interface EngineStatus {
  read(): EngineState;
  connected(info: EngineInfo): void;
  lost(reason: string): void;
}

/** @param startedAt milliseconds since the epoch */
export function createEngineStatus(now: () => number, startedAt: number): EngineStatus {
  const none = { id: null, name: '', version: '' };
  let state: EngineState = { ...none, connected: false, since: startedAt, reason: 'not reached yet' };
  return {
    read: () => state,
    connected(info) {
      const { id, name, version } = info;
      state = { id, name, version, connected: true, since: now(), reason: '' };
    },
    lost(reason) {
      state = { ...state, connected: false, since: now(), reason };
    },
  };
}

/** @param parts each knows one thing; nothing is kept here */
export function createStatus(parts: {
  readonly engine: () => EngineState;
  readonly log: Log;
  readonly writable: () => boolean;
  readonly outage: Outage;
  readonly trust: TrustKeeper;
  readonly drifts: () => number;
  readonly unreadable: readonly UnreadableEvent[];
  /** Problems that other parts know of. */
  readonly others: () => readonly string[];
  readonly now: () => number;
}): StatusPort {
  const { log, outage, now } = parts;
  return {
    engine: parts.engine,
    log() {
      const { position, hash } = log.head();
      return { position, hash, writable: parts.writable(), problem: outage.problem() };
    },
    trust: parts.trust.current,
    drifts: parts.drifts,
    problems: () => [
      ...(outage.problem() === '' ? [] : [outage.problem()]),
      ...clockProblem(log.head(), now()),
      ...parts.others(),
      ...parts.unreadable.map(
        ({ position, type, problem }) =>
          `the event at position ${position} (${type}) cannot be read: ${problem}`,
      ),
    ],
    subscribe: log.subscribe,
  };
}

const clockProblem = (head: LogHead, now: number): string[] =>
  isSetBack(now, head)
    ? [
        `the clock was set back: until it gets there events are recorded at ${new Date(head.recordedAt).toISOString()}`,
      ]
    : [];
