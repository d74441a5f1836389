/** Tells signals that are meant to end a container from those that only ask it for something, e.g. to reload. */
import { constants } from 'node:os';

/** Whether a signal of `docker kill` is meant to end the container. @param stopSignal of the container, e.g. `SIGQUIT` */
export function isEnding(claimed: string | undefined, stopSignal: string): boolean {
  const number = numberOf(claimed ?? '');
  return number === 9 || number === 15 || number === numberOf(stopSignal);
}

/** Whether it leaves no time to end by itself. */
export const isKill = (claimed: string | undefined): boolean => numberOf(claimed ?? '') === 9;

/** Whether both are the same signal, by name or number. */
export const isSameSignal = (one: string, other: string): boolean => numberOf(one) === numberOf(other);

/** What ends with it was ended by SIGKILL (128 + 9), or says so of a process of its own. */
export const killedCode = 128 + constants.signals.SIGKILL;

/** Of a signal by name or number, as the engine gives either. */
function numberOf(signal: string): number {
  const name = signal.replace(/^SIG/, '');
  const realTime = /^RTMIN(?:\+(\d+))?$/.exec(name);
  if (realTime !== null) return 34 + Number(realTime[1] ?? 0);
  return constants.signals[`SIG${name}` as NodeJS.Signals] ?? Number(name);
}
