/** From where the engine's history is resumed at a start. */
import type { LastSeen } from '../docker/engine.ts';
import type { LastLife } from '../log/heartbeat.ts';
import type { State } from '../routing/state.ts';

/** The last thing known of the engine's history: the heartbeat knows noise, too, but may lag behind the log. */
export function resumeFrom(heartbeat: LastLife | null, { lastSignal }: State): LastSeen | null {
  const seen = heartbeat?.lastSeen ?? null;
  if (lastSignal === null) return seen;
  const signal = { engine: lastSignal.engine, timeNano: BigInt(lastSignal.timeNano), arrived: true };
  return seen !== null && seen.engine === signal.engine && seen.timeNano > signal.timeNano ? seen : signal;
}
