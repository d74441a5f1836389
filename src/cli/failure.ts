/** What ends a command early: a message, what to do about it, and the exit code that scripts see. */

/** Documented in docs/cli.md. */
export const exitCodes = {
  /** It failed, or the answer is no: a broken chain, a difference, nothing that answers. */
  no: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The API cannot be reached. */
  away: 3,
  notFound: 4,
  /** The token is missing or wrong, or the engine's own guard refuses. */
  notAllowed: 5,
} as const;

export type ExitCode = 0 | (typeof exitCodes)[keyof typeof exitCodes];

export class CliFailure extends Error {
  override readonly name = 'CliFailure';
  readonly exitCode: ExitCode;
  /** What to do, one line each. */
  readonly hints: readonly string[];
  constructor(message: string, exitCode: ExitCode, hints: readonly string[] = []) {
    super(message);
    this.exitCode = exitCode;
    this.hints = hints;
  }
}
