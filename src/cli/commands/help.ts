/** `portolan help COMMAND`: says more about a command; `help` alone is what `--help` prints. */
import { Argument, type Command } from 'commander';

/** After all others, whose names it takes. */
export function help(program: Command): void {
  const names = program
    .createHelp()
    .visibleCommands(program)
    .map((one) => one.name());
  program
    .command('help')
    .description('say more about a command')
    .addArgument(new Argument('[command]').choices(names))
    .action(async (name: string | undefined) => {
      if (name === 'serve') process.stdout.write(`${(await import('../../config.ts')).usage()}\n`);
      else (program.commands.find((one) => one.name() === name) ?? program).outputHelp();
    });
}
