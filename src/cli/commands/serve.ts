/** `portolan serve`, for help and completion: the service itself is started without the rest of the command line. */
import type { Command } from 'commander';
import { CliFailure, exitCodes } from '../failure.ts';

export function serve(program: Command): void {
  program
    .command('serve')
    .description('the proxy, the API and the dashboard; `portolan serve --help` lists its flags')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => {
      throw new CliFailure('serve comes first, its flags after it: portolan serve [flags]', exitCodes.usage);
    });
}
