/** Signals by name and number, as `docker kill -s` and `StopSignal` name them. */
import { constants } from 'node:os';
import { Refusal } from './http.ts';

/** Numbers are Linux's, wherever the simulator runs. */
const linux: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ABRT: 6,
  KILL: 9,
  USR1: 10,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  WINCH: 28,
};

export const sigterm = 15;
export const sigkill = 9;
const ending = new Set([1, 2, 3, 6, 9, 13, 14, 15]);

/** @throws {Refusal} 400 */
export function signalNumber(text: string): number {
  const name = text.toUpperCase().replace(/^SIG/, '');
  const number = /^\d+$/.test(name)
    ? Number(name)
    : (linux[name] ?? constants.signals[`SIG${name}` as NodeJS.Signals]);
  if (number === undefined || number < 1 || number > 64) throw new Refusal(400, `Invalid signal: ${text}`);
  return number;
}

/** Whether a web server ends on it. */
export const endsServers = (signal: number): boolean => ending.has(signal);
