/** `portolan audit`: who did what, when, and how it ended; newest first. */
import type { Command } from 'commander';
import { online } from '../context.ts';
import { parseMoment } from '../moment.ts';
import { countOf } from '../numbers.ts';
import type { Audit } from '../shapes.ts';
import { show } from '../show.ts';
import { type Column, layOut } from '../table.ts';
import { actorText, clock, shortId, took } from '../words.ts';

const columns: readonly Column<Audit>[] = [
  { title: 'POSITION', value: (entry) => String(entry.position), align: 'right', whole: true, spare: true },
  { title: 'WHEN', value: (entry) => clock(entry.requestedAt), whole: true },
  { title: 'WHO', value: (entry) => actorText(entry.actor) },
  { title: 'DID', value: (entry) => entry.action, whole: true },
  { title: 'CONTAINER', value: (entry) => entry.name ?? (entry.container ? shortId(entry.container) : '-') },
  {
    title: 'OUTCOME',
    value: (entry) => entry.outcome,
    style: ({ outcome }) =>
      outcome === 'succeeded' ? 'green' : outcome === 'failed' || outcome === 'refused' ? 'red' : null,
    whole: true,
  },
  {
    title: 'TOOK',
    value: (entry) =>
      entry.completedAt === null ? '' : took(Date.parse(entry.completedAt) - Date.parse(entry.requestedAt)),
    align: 'right',
    whole: true,
    spare: true,
  },
  { title: 'DETAIL', value: (entry) => entry.detail, spare: true },
  {
    title: 'CAUSED',
    value: ({ consequences, basis }) =>
      consequences.length === 0 ? '' : `${span(consequences)}${basis === 'exact' ? '' : ` (${basis})`}`,
    spare: true,
  },
];

const span = (positions: readonly number[]): string =>
  positions.length <= 3 ? positions.join(' ') : `${positions[0]}…${positions.at(-1)} (${positions.length})`;

interface Options {
  readonly limit: number;
  readonly actor?: string;
  readonly container?: string;
  readonly since?: string;
  readonly until?: string;
  readonly watch?: boolean;
}

export function audit(program: Command): void {
  program
    .command('audit')
    .description('who did what, newest first')
    .option('-n, --limit <count>', 'as many entries', countOf, 50)
    .option('--actor <actor>', 'by engine, api, external or portolan, or KIND:NAME')
    .option('--container <name>', 'on this container: a name or an id')
    .option('--since <time>', 'since', (text) => parseMoment(text))
    .option('--until <time>', 'until', (text) => parseMoment(text))
    .option('-w, --watch', 'show it again after each change')
    .action(async ({ limit, watch, actor, container, since, until }: Options, command: Command) => {
      const context = online(command);
      await show(context, watch, async () => {
        const value = await context.client.list<Audit>('/audit', { actor, container, since, until }, limit);
        return {
          value,
          lines: () =>
            value.items.length === 0
              ? ['Nobody has done anything that this asks for.']
              : layOut(context.output, columns, value.items),
        };
      });
    });
}
