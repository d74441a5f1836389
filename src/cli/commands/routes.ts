/** `portolan routes`: what is routed, now or at a moment. */
import type { Command } from 'commander';
import { online } from '../context.ts';
import { momentsAllowed, parseMoment } from '../moment.ts';
import type { RouteView } from '../shapes.ts';
import { show } from '../show.ts';
import { type Column, layOut } from '../table.ts';
import { clock, matchText, since, targetText } from '../words.ts';

const columns: readonly Column<RouteView>[] = [
  { title: 'HOST', value: (route) => matchText(route.match), whole: true },
  { title: 'TARGETS', value: (route) => route.targets.map(targetText).join(', ') || '-' },
  {
    title: 'STATE',
    value: (route) => (route.reason ? `${route.state} (${route.reason})` : route.state),
    style: (route) => (route.state === 'open' ? 'green' : route.state === 'closed' ? 'red' : 'yellow'),
    whole: true,
  },
  { title: 'SINCE', value: (route) => clock(route.since), whole: true, spare: true },
  { title: 'FOR', value: (route) => since(route.since), align: 'right', whole: true, spare: true },
];

/** Of a host and path that have been closed and are another route now, only that one still says something. */
function latestOf(all: readonly RouteView[]): readonly RouteView[] {
  const newest = new Map<string, number>();
  for (const { match, position } of all)
    newest.set(matchText(match), Math.max(position, newest.get(matchText(match)) ?? 0));
  return all.filter((one) => one.state !== 'closed' || newest.get(matchText(one.match)) === one.position);
}

/** Those that are served again are so since the same event: that Portolan was back, or could record again. */
function servedAgain(all: readonly RouteView[]): string[] {
  const served = all.find((route) => route.served !== undefined)?.served;
  if (served === undefined) return [];
  const until = `${clock(served.since)} (position ${served.position})`;
  return served.after === 'away'
    ? [`Portolan was away before ${until}: what was open earlier has been served again since then.`]
    : [`Nothing could be recorded before ${until}: whether what was open earlier was served is not known.`];
}

function sayNothing(at: string | undefined, host: string | undefined): string[] {
  if (host !== undefined)
    return [`${host} ${at === undefined ? 'has' : 'had'} no route: portolan why ${host}`];
  if (at !== undefined) return ['Nothing was routed then.'];
  return [
    'Nothing is routed. Start a container that has a TCP port: docker run -d --name nginx1 nginx',
    'Why those that run are not: portolan containers',
  ];
}

interface Options {
  readonly at?: string;
  readonly host?: string;
  readonly watch?: boolean;
}

export function routes(program: Command): void {
  program
    .command('routes')
    .description('what is routed')
    .option('--at <moment>', `as it was: ${momentsAllowed}`, (text) => parseMoment(text))
    .option('--host <host>', 'of this host only')
    .option('-w, --watch', 'show it again after each change')
    .action(async ({ at, host, watch }: Options, command: Command) => {
      const context = online(command);
      await show(context, watch, async () => {
        const value = await context.client.list<RouteView>('/routes', { at, host });
        const shown = at === undefined ? columns : columns.filter(({ title }) => title !== 'FOR');
        return {
          value,
          lines: () =>
            value.items.length === 0
              ? sayNothing(at, host)
              : [
                  ...layOut(context.output, shown, latestOf(value.items)),
                  ...servedAgain(value.items).map((line) => context.output.paint('dim', line)),
                ],
        };
      });
    });
}
