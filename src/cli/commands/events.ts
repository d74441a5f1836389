/** `portolan events`: the log's newest events, filtered; with `-f` also those to come. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { type OnlineContext, online } from '../context.ts';
import { eventLine } from '../event-lines.ts';
import { CliFailure, exitCodes } from '../failure.ts';
import { parseMoment } from '../moment.ts';
import { nearNames } from '../nearest.ts';
import { countOf, positionOf } from '../numbers.ts';
import type { EventView } from '../shapes.ts';

interface Options {
  readonly follow?: boolean;
  readonly limit: number;
  readonly after?: number;
  readonly type?: string;
  readonly container?: string;
  readonly host?: string;
  readonly actor?: string;
  readonly since?: string;
  readonly until?: string;
}

/** Milliseconds until the API is tried again. */
const retry = 1_000;

export function events(program: Command): void {
  program
    .command('events')
    .description('the log, newest at the end')
    .option('-f, --follow', 'go on with those to come')
    .option('-n, --limit <count>', 'as many of the newest', countOf, 50)
    .option('--after <position>', 'all after this position, oldest first', positionOf)
    .option('--type <type>', 'of this type, e.g. RouteOpened')
    .option('--container <name>', 'about this container: a name or an id')
    .option('--host <host>', 'about this host')
    .option('--actor <actor>', 'by engine, api, external or portolan, or KIND:NAME')
    .option('--since <time>', 'recorded since', (text) => parseMoment(text))
    .option('--until <time>', 'recorded until', (text) => parseMoment(text))
    .action(async (options: Options, command: Command) => {
      const context = online(command);
      const asked = command.getOptionValueSource('limit') === 'cli';
      if (options.follow === true) refuseGap(options, asked);
      if (options.type !== undefined) await requireType(options.type);
      const last = await printNewest(context, { ...options, most: asked ? options.limit : undefined });
      if (options.follow === true) await follow(context, options, last);
    });
}

/** What goes on without an end leaves out nothing in between. @throws {CliFailure} */
function refuseGap({ until, after }: Options, limited: boolean): void {
  const other =
    until !== undefined ? '--until' : after !== undefined && limited ? '--after with --limit' : null;
  if (other !== null)
    throw new CliFailure(`--follow and ${other} exclude each other`, exitCodes.usage, [
      'portolan help events',
    ]);
}

/** The API would list all of them. @throws {CliFailure} */
async function requireType(type: string): Promise<void> {
  const types: readonly string[] = (await import('../../events/event.ts')).eventTypes;
  if (types.includes(type)) return;
  const near = nearNames(
    type,
    types.map((one) => one.toLowerCase()),
  ).map((found) => types.find((one) => one.toLowerCase() === found)!);
  throw new CliFailure(
    `--type is "${type}"; allowed: a type of event, as docs/events.md lists them`,
    exitCodes.usage,
    [near.length === 0 ? 'e.g. RouteOpened' : `did you mean ${near.join(', ')}?`],
  );
}

/** @param options with how many at `most` are wanted of those after a position @returns the position up to which all has been asked for */
async function printNewest(
  { client, output }: OnlineContext,
  options: Options & { readonly most: number | undefined },
): Promise<number> {
  const { position } = await client.get<{ position: number }>('/log');
  const query = { ...filterOf(options), after: options.after, until: options.until, before: position + 1 };
  const whole = output.json && options.follow !== true;
  if (options.after === undefined) {
    const { items } = await client.list<EventView>('/events', { ...query, order: 'desc' }, options.limit);
    if (whole) output.answer({ items: items.toReversed() });
    else print({ output }, items.toReversed());
  } else if (whole) {
    output.answer(await client.list<EventView>('/events', { ...query, order: 'asc' }, options.most));
  } else {
    const pages = client.pages<EventView>('/events', { ...query, order: 'asc' }, options.most);
    for await (const { items } of pages) print({ output }, items);
  }
  return position;
}

const filterOf = ({ type, container, host, actor, since }: Options) => ({
  type,
  container,
  host,
  actor,
  since,
});

/** Where there is a filter, which is the API's own, the stream only tells that something came. */
async function follow(context: OnlineContext, options: Options, from: number): Promise<void> {
  const { client, output } = context;
  const filter = filterOf(options);
  const filtered = Object.values(filter).some((value) => value !== undefined);
  let after = from;
  let told = false;
  for (;;) {
    try {
      for await (const event of client.stream('GET', '/events/stream', { query: { after } })) {
        told = false;
        const position = Number(event.id);
        if (position <= after) continue;
        const query = { ...filter, after, before: position + 1, order: 'asc' };
        if (!filtered) print(context, [JSON.parse(event.data) as EventView]);
        else print(context, (await client.list<EventView>('/events', query)).items);
        after = position;
      }
    } catch (error) {
      if (!(error instanceof CliFailure) || error.exitCode !== exitCodes.away) throw error;
      if (!told) output.note(`${error.message}; trying again`);
      told = true;
    }
    await sleep(retry);
  }
}

function print({ output }: Pick<OnlineContext, 'output'>, items: readonly EventView[]): void {
  for (const event of items) {
    if (output.json) output.item(event);
    else output.line(eventLine(output, event));
  }
}
