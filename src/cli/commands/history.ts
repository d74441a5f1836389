/** `portolan history`: where a host went, interval by interval, newest first. */
import type { Command } from 'commander';
import { segment } from '../client.ts';
import { type OnlineContext, online } from '../context.ts';
import { namingNearest } from '../nearest.ts';
import { countOf } from '../numbers.ts';
import type { Interval } from '../shapes.ts';
import { show } from '../show.ts';
import { type Column, layOut } from '../table.ts';
import { actorText, clock, duration, matchText, targetText } from '../words.ts';

const endings = {
  closed: 'close',
  changed: 'change',
  away: 'Portolan away',
  unrecorded: 'log unwritable',
} as const;

const columns: readonly Column<Interval>[] = [
  { title: 'FROM', value: (one) => clock(one.from), whole: true },
  { title: 'TO', value: (one) => clock(one.to) || 'now', whole: true },
  {
    title: 'FOR',
    value: (one) => duration(Date.parse(one.to ?? new Date().toISOString()) - Date.parse(one.from)),
    align: 'right',
    whole: true,
  },
  {
    title: 'OPENED',
    value: ({ decided }) => (decided === undefined ? '' : clock(decided.at)),
    whole: true,
    spare: true,
  },
  { title: 'ROUTE', value: (one) => matchText(one.match), spare: true },
  { title: 'TARGETS', value: (one) => one.targets.map(targetText).join(', ') },
  {
    title: 'ENDED BY',
    value: (one) => one.reason ?? (one.ended === null ? '' : endings[one.ended]),
    style: (one) => (one.reason === null ? null : 'red'),
    whole: true,
  },
  {
    title: 'BY',
    value: ({ closed }) => (closed === null ? '' : `${actorText(closed.actor)} (${closed.action})`),
    spare: true,
  },
  {
    title: 'EVENTS',
    value: (one) => [one.openedBy, one.closedBy].filter((at) => at !== null).join('-'),
    whole: true,
    spare: true,
  },
];

/** When it was decided on is worth a column only where one did not begin with that. */
const shownOf = (items: readonly Interval[]): readonly Column<Interval>[] =>
  items.some(({ decided }) => decided !== undefined)
    ? columns
    : columns.filter(({ title }) => title !== 'OPENED');

interface Options {
  readonly limit: number;
  readonly watch?: boolean;
}

export function history(program: Command): void {
  program
    .command('history')
    .description('where a host went, newest first')
    .argument('<host>')
    .option('-n, --limit <count>', 'as many intervals', countOf, 50)
    .option('-w, --watch', 'show it again after each change')
    .action(async (host: string, { limit, watch }: Options, command: Command) => {
      const context = online(command);
      await show(context, watch, async () => {
        const value = await readHistory(context, host, limit);
        return {
          value,
          lines: () =>
            value.items.length === 0
              ? [`${host} is known, but has never had an upstream.`]
              : layOut(context.output, shownOf(value.items), value.items),
        };
      });
    });
}

/** A host without any history may not be one at all. */
async function readHistory({ client }: OnlineContext, host: string, limit: number) {
  const path = `/hosts/${segment(host)}`;
  return namingNearest(client, 'host', host, async () => {
    const page = await client.list<Interval>(`${path}/history`, {}, limit);
    if (page.items.length === 0) await client.get(path);
    return page;
  });
}
