/** `portolan run`: pulls an image if need be, creates a container and starts it; with the pull's progress. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type OnlineContext, online } from '../context.ts';
import { CliFailure, exitCodes } from '../failure.ts';
import { createProgress } from '../progress.ts';
import { createPullTally, type PullLine } from '../pull-tally.ts';
import type { CommandOutcome, Container, RouteView } from '../shapes.ts';
import { streamFailure } from '../stream-failure.ts';
import { bytes, matchText, shortId } from '../words.ts';

type Pairs = Readonly<Record<string, string>>;

interface Options {
  readonly name?: string;
  readonly env?: Pairs;
  readonly label?: Pairs;
  readonly network?: string;
  readonly pull: string;
  readonly start: boolean;
}

export function run(program: Command): void {
  program
    .command('run')
    .description('create a container and start it')
    .argument('<image>')
    .argument('[command...]', 'what to run in it, instead of what the image says (after --)')
    .option('--name <name>', 'its name')
    .option(
      '-e, --env <name=value>',
      'a variable of its environment; NAME alone takes the value of here',
      envPair,
    )
    .option('-l, --label <name=value>', 'a label', labelPair)
    .option('--network <network>', 'the network it is on')
    .addOption(
      new Option('--pull <when>', 'the image').choices(['missing', 'always', 'never']).default('missing'),
    )
    .option('--no-start', 'create it only')
    .action(async (image: string, cmd: readonly string[], options: Options, command: Command) => {
      const context = online(command);
      const body = {
        image,
        name: options.name,
        env: options.env,
        labels: options.label,
        network: options.network,
        cmd: cmd.length === 0 ? undefined : cmd,
        pull: options.pull,
        start: options.start,
      };
      const outcome = await create(context, body);
      for (const warning of outcome.warnings) context.output.note(warning);
      if (context.output.json) context.output.answer(outcome);
      else await tell(context, outcome, options.start);
    });
}

async function create({ client }: OnlineContext, body: object): Promise<CommandOutcome> {
  const progress = createProgress();
  const tally = createPullTally();
  try {
    for await (const { event, data } of client.stream('POST', '/containers', { body })) {
      if (event === 'done') return JSON.parse(data) as CommandOutcome;
      if (event === 'failed') throw streamFailure(data);
      if (event !== 'progress') continue;
      const { done, total, text } = tally.take(JSON.parse(data) as PullLine);
      progress.update(total === 0 ? null : done / total, `${bytes(done)}  ${text}`);
    }
  } finally {
    progress.end();
  }
  throw new CliFailure('the API ended without an outcome; `portolan audit` tells it', exitCodes.no);
}

async function tell(
  { client, output }: OnlineContext,
  outcome: CommandOutcome,
  started: boolean,
): Promise<void> {
  const id = outcome.container ?? '';
  const found = await settled(client, id, started);
  output.line(`${found?.name ?? shortId(id)} ${started ? 'runs' : 'was created'} (${shortId(id)})`);
  const system = await client.get<{ proxy: { port: number } }>('/system').catch(() => null);
  for (const { match } of found?.routes ?? []) output.line(`  ${urlOf(match, system?.proxy.port ?? 80)}`);
  for (const { detail } of found?.refusals ?? []) output.note(`no route: ${detail}`);
}

/** Looks for a container's routes, and milliseconds between two. */
const looks = 20;
const pause = 50;

/**
 * The container, once it has routes or is refused them, which takes some milliseconds from its start; one that is not
 * healthy yet has neither.
 */
async function settled(
  client: OnlineContext['client'],
  id: string,
  started: boolean,
): Promise<Container | null> {
  for (let look = 1; ; look += 1) {
    // The command has succeeded: what more there is to say is left out where it cannot be had.
    const found = await client.get<Container>(`/containers/${id}`).catch(() => null);
    if (found === null || !started || look === looks) return found;
    if (found.routes.length + found.refusals.length > 0) return found;
    await sleep(pause);
  }
}

const urlOf = ({ host, path }: RouteView['match'], port: number): string =>
  `http://${matchText({ host: port === 80 ? host : `${host}:${port}`, path })}`;

function labelPair(text: string, before: Pairs = {}): Pairs {
  const at = text.indexOf('=');
  if (at === 0) throw new InvalidArgumentError('Allowed: NAME=VALUE.');
  return { ...before, [at === -1 ? text : text.slice(0, at)]: at === -1 ? '' : text.slice(at + 1) };
}

function envPair(text: string, before: Pairs = {}): Pairs {
  if (text.includes('=')) return labelPair(text, before);
  const value = process.env[text];
  if (value === undefined) throw new InvalidArgumentError(`${text} is not set here; allowed: NAME=VALUE.`);
  return { ...before, [text]: value };
}
