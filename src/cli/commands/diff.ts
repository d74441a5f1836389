/** `portolan diff`: routes added, removed and changed between two moments, or since a host last worked. */
import type { Command } from 'commander';
import { type Client, longestPage, segment } from '../client.ts';
import { online } from '../context.ts';
import { CliFailure, exitCodes } from '../failure.ts';
import { momentsAllowed, parseMoment } from '../moment.ts';
import { namingNearest } from '../nearest.ts';
import { harmless, type Output } from '../output.ts';
import type { Diff, DiffPage, EventView, RouteChange, RouteView } from '../shapes.ts';
import { show } from '../show.ts';
import { actorText, clock, matchText, targetText } from '../words.ts';

interface Options {
  readonly host?: string;
  readonly watch?: boolean;
}

const marks = { added: ['green', '+'], removed: ['red', '-'], changed: ['yellow', '~'] } as const;

export function diff(program: Command): void {
  program
    .command('diff')
    .description('routes added, removed and changed, each with its cause')
    .argument('[from]', momentsAllowed, (text) => parseMoment(text))
    .argument('[to]', 'now, if not given', (text) => parseMoment(text))
    .option('--host <host>', 'since this host last had an upstream')
    .option('-w, --watch', 'show it again after each change')
    .action(async (from: string | undefined, to: string | undefined, options: Options, command: Command) => {
      const { host, watch } = options;
      if ((from === undefined) === (host === undefined))
        throw new CliFailure('diff wants either a moment, or --host alone', exitCodes.usage, [
          'portolan diff 10m',
          'portolan diff --host nginx1.docker.localhost',
        ]);
      const context = online(command);
      const { client } = context;
      const look = (): Promise<Diff> =>
        host === undefined
          ? readAll(client, from!, to)
          : namingNearest(client, 'host', host, () => client.get(`/hosts/${segment(host)}/diff`));
      await show(context, watch, async () => {
        const value = await look();
        return { value, lines: () => linesOf(context.output, value) };
      });
    });
}

/** Over all of its pages. */
async function readAll(client: Client, from: string, to: string | undefined): Promise<Diff> {
  const { next, ...first } = await client.get<DiffPage>('/diff', { from, to, limit: longestPage });
  const whole = {
    ...first,
    added: [...first.added],
    removed: [...first.removed],
    changed: [...first.changed],
  };
  for (let cursor = next; cursor !== undefined; ) {
    const page: DiffPage = await client.get('/diff', { from, to, limit: longestPage, cursor });
    whole.added.push(...page.added);
    whole.removed.push(...page.removed);
    whole.changed.push(...page.changed);
    cursor = page.next;
  }
  return whole;
}

function linesOf(output: Output, value: Diff): string[] {
  const { from, to, added, removed, changed } = value;
  const end = (one: Diff['from']): string =>
    one.at === null ? 'the beginning' : `${clock(one.at)} (position ${one.position})`;
  const head = output.paint('dim', `from ${end(from)} to ${end(to)}`);
  if (added.length + removed.length + changed.length === 0) return [head, 'Nothing is routed differently.'];
  return [
    head,
    ...byHost(added).flatMap((change) => changeLines(output, 'added', change)),
    ...byHost(removed).flatMap((change) => changeLines(output, 'removed', change)),
    ...byHost(changed).flatMap((change) => changeLines(output, 'changed', change)),
  ];
}

const byHost = (changes: readonly RouteChange[]): readonly RouteChange[] =>
  changes.toSorted((one, other) => (one.host < other.host ? -1 : one.host > other.host ? 1 : 0));

function changeLines(output: Output, kind: keyof typeof marks, change: RouteChange): string[] {
  const { before, after } = change;
  const [colour, mark] = marks[kind];
  const host = matchText((after ?? before)?.match ?? { host: change.host, path: '/' });
  const steps = before === null ? stateOf(after) : `${stateOf(before)} -> ${stateOf(after)}`;
  const lines = [`${output.paint(colour, `${mark} ${host}`)}  ${harmless(steps)}`];
  return [...lines, ...reasonsOf(change).map((text) => output.paint('dim', `    ${harmless(text)}`))];
}

/** What caused it; and where that is no decision the decision, or since when that is served again. */
function reasonsOf({ cause, decided, after: { served } }: RouteChange): string[] {
  if (cause === null) return [];
  const texts = [eventText(cause)];
  if (decided !== undefined) texts.push(`decided on before: ${eventText(decided)}`);
  else if (served !== undefined)
    texts.push(`${pauses[served.after]} until ${clock(served.since)} (position ${served.position})`);
  return texts;
}

const pauses = { away: 'Portolan was away', unrecorded: 'nothing could be recorded' } as const;

const eventText = ({ type, recordedAt, actor, position }: EventView): string =>
  `${type} at ${clock(recordedAt)}, by ${actorText(actor)} (position ${position})`;

const stateOf = (route: RouteView | null): string =>
  route === null
    ? 'nothing'
    : route.targets.map(targetText).join(', ') || `${route.state}${route.reason ? ` (${route.reason})` : ''}`;
