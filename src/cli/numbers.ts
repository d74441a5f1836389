/** Numbers on the command line. */
import { InvalidArgumentError } from 'commander';

/** @throws {InvalidArgumentError} */
export function countOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Allowed: a number from 1 to 999999.');
}

/** @throws {InvalidArgumentError} */
export function positionOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Allowed: a position of the log, a whole number from 0.');
}
