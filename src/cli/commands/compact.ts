/** `portolan compact`: says that there is none yet, rather than that it is no command. */
import type { Command } from 'commander';
import { CliFailure, exitCodes } from '../failure.ts';

export function compact(program: Command): void {
  program.command('compact', { hidden: true }).action(() => {
    throw new CliFailure('there is no compact yet: the log is kept for ever', exitCodes.no);
  });
}
