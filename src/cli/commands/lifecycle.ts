/** `portolan start`, `stop`, `restart`, `pause`, `unpause`, `kill` and `rm`: commands on containers, each one in the log. */
import { type Command, InvalidArgumentError } from 'commander';
import { segment } from '../client.ts';
import { type OnlineContext, online } from '../context.ts';
import { CliFailure, type ExitCode } from '../failure.ts';
import { namingNearest } from '../nearest.ts';
import type { CommandOutcome } from '../shapes.ts';

interface Options {
  readonly time?: number;
  readonly signal?: string;
  readonly force?: boolean;
  readonly volumes?: boolean;
}

/** Name on the command line, what it does, and the past of it. */
const kinds = [
  ['start', 'start containers', 'was started'],
  ['stop', 'stop containers', 'was stopped'],
  ['restart', 'restart containers', 'was restarted'],
  ['pause', 'pause containers', 'was paused'],
  ['unpause', 'let paused containers go on', 'goes on'],
  ['kill', 'send containers a signal', 'was sent the signal'],
  ['rm', 'remove containers', 'was removed'],
] as const;

export function lifecycle(program: Command): void {
  for (const [name, description, done] of kinds) {
    const command = program
      .command(name)
      .description(description)
      .argument('<name...>', 'names or ids')
      .action((names: readonly string[], options: Options, self: Command) =>
        forEach(online(self), names, options, name, done),
      );
    if (name === 'stop' || name === 'restart')
      command.option('-t, --time <seconds>', 'until it is killed', secondsOf);
    if (name === 'kill') command.option('-s, --signal <signal>', 'SIGKILL if not given');
    if (name === 'rm')
      command
        .option('-f, --force', 'also a running one')
        .option('-v, --volumes', 'with its anonymous volumes');
  }
}

/** All are tried; the first failure gives the exit code. */
async function forEach(
  context: OnlineContext,
  names: readonly string[],
  options: Options,
  kind: string,
  done: string,
): Promise<void> {
  let exitCode: ExitCode = 0;
  for (const name of names) {
    try {
      const outcome = await namingNearest(context.client, 'container', name, () =>
        command(context, kind, name, options),
      );
      if (context.output.json) context.output.item({ name, ...outcome });
      else context.output.line(`${name} ${done}`);
    } catch (error) {
      if (names.length === 1 || !(error instanceof CliFailure)) throw error;
      context.output.failure(error, name);
      exitCode ||= error.exitCode;
    }
  }
  process.exitCode = exitCode;
}

function command(
  { client }: OnlineContext,
  kind: string,
  name: string,
  options: Options,
): Promise<CommandOutcome> {
  const path = `/containers/${segment(name)}`;
  const { force, volumes, time, signal } = options;
  return kind === 'rm'
    ? client.call('DELETE', path, { query: { force, volumes } })
    : client.call('POST', `${path}/${kind}`, { query: { timeout: time, signal } });
}

function secondsOf(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) <= 3_600) return Number(text);
  throw new InvalidArgumentError('Allowed: seconds, from 0 to 3600.');
}
