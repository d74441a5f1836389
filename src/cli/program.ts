/** The command line: all commands, the options that they share, and how each ends. */
import { getSystemErrorMessage } from 'node:util';
import { Command, CommanderError } from 'commander';
import { audit } from './commands/audit.ts';
import { compact } from './commands/compact.ts';
import { completion } from './commands/completion.ts';
import { containers } from './commands/containers.ts';
import { diff } from './commands/diff.ts';
import { doctor } from './commands/doctor.ts';
import { events } from './commands/events.ts';
import { exporting } from './commands/export.ts';
import { help } from './commands/help.ts';
import { history } from './commands/history.ts';
import { importing } from './commands/import.ts';
import { lifecycle } from './commands/lifecycle.ts';
import { logs } from './commands/logs.ts';
import { replay } from './commands/replay.ts';
import { resolve } from './commands/resolve.ts';
import { routes } from './commands/routes.ts';
import { run } from './commands/run.ts';
import { serve } from './commands/serve.ts';
import { stats } from './commands/stats.ts';
import { verify } from './commands/verify.ts';
import { why } from './commands/why.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { createOutput, endWithReader } from './output.ts';

const epilogue = `
Exit codes: 0 done, or the answer is yes; 1 it failed, or the answer is no; 2 the command line is wrong;
3 the API is away; 4 there is no such thing; 5 not allowed. docs/cli.md says more.`;

export function createProgram(version: string, json = false): Command {
  const env = process.env;
  const program = new Command('portolan')
    // What is wrong with a command line is said once, by who catches it; without any command there is help.
    .configureOutput({ outputError: () => undefined, ...(json ? { writeErr: () => undefined } : {}) })
    .description(
      'A reverse proxy for Docker that finds its own routes and remembers every one it ever served',
    )
    .version(version, '-V, --version', 'print the version')
    .helpCommand(false)
    .option('--api <url>', 'the API (PORTOLAN_API)', env['PORTOLAN_API'] || apiOf(env['PORTOLAN_API_PORT']))
    .option(
      '--data-dir <folder>',
      'where log and token are (PORTOLAN_DATA_DIR)',
      env['PORTOLAN_DATA_DIR'] || './data',
    )
    .option(
      '--token-file <file>',
      'the API token, if not DATA/token',
      env['PORTOLAN_TOKEN_FILE'] || undefined,
    )
    .option('--json', 'print JSON')
    .addHelpText('after', epilogue)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });
  const groups: readonly (readonly [string, readonly ((program: Command) => void)[]])[] = [
    ['Routes and their past:', [routes, resolve, why, history, diff]],
    ['The log:', [events, audit, verify, exporting, importing, replay, compact]],
    ['Containers:', [containers, run, lifecycle, logs, stats]],
    ['The service:', [serve, doctor, completion, help]],
  ];
  for (const [title, commands] of groups) {
    program.commandsGroup(title);
    for (const add of commands) add(program);
  }
  return program;
}

const apiOf = (port: string | undefined): string => `http://127.0.0.1:${port || 8080}`;

/** Runs one command line. Sets the exit code, and says what went wrong and what to do. */
export async function runCommandLine(args: readonly string[], version: string): Promise<void> {
  endWithReader();
  const json = wantsJson(args);
  const program = createProgram(version, json);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
      const helped = error.exitCode === 0 || (error.code === 'commander.help' && !json);
      if (!helped) createOutput({ json }).failure(misused(error, program, args));
      return;
    }
    const failure = error instanceof CliFailure ? error : expected(error);
    createOutput({ json }).failure(failure);
    process.exitCode = failure.exitCode;
  }
}

/** Known before the line is parsed, which may be what fails. What follows `--` is a container's. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).includes('--json');
}

/** Commander has said nothing yet: its message may have a second line, with what was meant. */
function misused({ code, message }: CommanderError, program: Command, args: readonly string[]): CliFailure {
  if (code === 'commander.help')
    return new CliFailure('a command is missing', exitCodes.usage, ['portolan help']);
  const [first = '', ...meant] = message.replace(/^error: /, '').split('\n');
  const hints = meant.map((line) => line.replace(/^\(Did (.*)\)$/, 'did $1'));
  const command = args.find((word) => program.commands.some((one) => one.name() === word)) ?? 'help';
  const more = command === 'help' || code === 'commander.unknownCommand' ? '' : ` ${command}`;
  return new CliFailure(first, exitCodes.usage, [...hints, `portolan help${more}`]);
}

/** The log's own failures carry a hint, the system's a call. What carries neither is a defect, and is shown as one. */
function expected(error: unknown): CliFailure {
  const { message, hint, syscall, path, errno } = error as NodeJS.ErrnoException & { hint?: unknown };
  if (typeof hint === 'string') return new CliFailure(message, exitCodes.no, hint === '' ? [] : [hint]);
  if (syscall === undefined || errno === undefined) throw error;
  const reason = getSystemErrorMessage(errno);
  return new CliFailure(path === undefined ? `${syscall}: ${reason}` : `${path}: ${reason}`, exitCodes.no);
}
