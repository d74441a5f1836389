/** `portolan replay`: folds the log again, with its progress. Exit code 1 if it failed, or found a difference. */
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { type OnlineContext, online } from '../context.ts';
import { CliFailure, exitCodes } from '../failure.ts';
import { interruptedExitCode, onInterrupt } from '../interruption.ts';
import { momentsAllowed, parseMoment } from '../moment.ts';
import { createProgress } from '../progress.ts';
import { printReplay } from '../replay-result.ts';
import type { Replay } from '../shapes.ts';

interface Options {
  readonly until?: string;
  readonly domain?: string;
  readonly expose?: string;
  readonly allowedHosts?: readonly string[] | null;
  readonly claimHold?: number;
  readonly detach?: boolean;
}

export function replay(program: Command): void {
  program
    .command('replay')
    .description('fold the log again')
    .addArgument(
      new Argument('<mode>', 'into fresh projections, to compare them, or under another policy').choices([
        'rebuild',
        'compare',
        'what-if',
      ]),
    )
    .option('--until <moment>', `what-if: up to ${momentsAllowed}`, (text) => parseMoment(text))
    .option('--domain <domain>', 'what-if: with this domain')
    .addOption(new Option('--expose <which>', 'what-if: with this exposed').choices(['all', 'labeled']))
    .option('--allowed-hosts <hosts>', 'what-if: with these domains for containers; any for all', hostsOf)
    .option(
      '--claim-hold <seconds>',
      'what-if: with this time for which a stopped owner keeps its host',
      secondsOf,
    )
    .option('-d, --detach', 'let it go on in the service, and end here')
    .action(async (mode: string, { until, detach, ...policy }: Options, command: Command) => {
      const context = online(command);
      const changes = Object.keys(policy).length === 0 ? undefined : policy;
      if (mode === 'what-if' && changes === undefined)
        throw new CliFailure('what-if wants to know what would differ', exitCodes.usage, [
          '--domain, --expose, --allowed-hosts or --claim-hold',
        ]);
      const body = { mode, until, policy: changes };
      const begin = (): Promise<Replay> => context.client.call('POST', '/replays', { body });
      const ended = detach === true ? await begin() : await follow(context, begin);
      if (context.output.json) context.output.answer(ended);
      else printReplay(context.output, ended);
      process.exitCode = exitCodeOf(ended);
    });
}

/** Ctrl-C cancels it, also one that comes before it is known that it has begun. */
async function follow({ client }: OnlineContext, begin: () => Promise<Replay>): Promise<Replay> {
  const progress = createProgress();
  const interruption = onInterrupt();
  const { signal } = interruption;
  let id = '';
  try {
    id = (await begin()).id;
    for await (const { event, data } of client.stream('GET', `/replays/${id}/stream`, { signal })) {
      const replay = JSON.parse(data) as Replay;
      if (event === 'end') return replay;
      const { position, head, eventsPerSecond } = replay;
      const rate = `${eventsPerSecond.toLocaleString('en')} events/s`;
      progress.update(head === 0 ? null : position / head, `position ${position} of ${head}, ${rate}`);
    }
  } catch (error) {
    if (!signal.aborted || id === '') throw error;
  } finally {
    progress.end();
    interruption.over();
  }
  if (signal.aborted) return client.call('DELETE', `/replays/${id}`);
  throw new CliFailure('the service ended before the replay did', exitCodes.away);
}

function exitCodeOf({ state, result }: Replay): number {
  if (state === 'cancelled') return interruptedExitCode;
  if (state === 'failed') return exitCodes.no;
  return (result?.differences?.length ?? 0) > 0 ? exitCodes.no : 0;
}

const hostsOf = (text: string): readonly string[] | null =>
  text === 'any' ? null : text.split(',').map((host) => host.trim());

/** @returns milliseconds, as the API takes it */
function secondsOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 86_400) return Number(text) * 1_000;
  throw new InvalidArgumentError('Allowed: seconds, from 0 to 86400.');
}
