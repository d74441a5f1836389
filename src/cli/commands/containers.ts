/** `portolan containers`: as the engine has them now, each with its hosts or the reason why it has none. */
import type { Command } from 'commander';
import { online } from '../context.ts';
import type { Container } from '../shapes.ts';
import { show } from '../show.ts';
import { type Column, layOut } from '../table.ts';
import { matchText, shortId, since } from '../words.ts';

const columns: readonly Column<Container>[] = [
  { title: 'NAME', value: (one) => one.name, whole: true },
  { title: 'ID', value: (one) => shortId(one.id), whole: true, spare: true },
  { title: 'IMAGE', value: (one) => one.image, spare: true },
  {
    title: 'STATUS',
    value: ({ status, health, exitCode }) =>
      health !== 'none' && health !== ''
        ? `${status} (${health})`
        : status === 'exited'
          ? `${status} (${exitCode})`
          : status,
    style: ({ status, health }) =>
      status !== 'running' ? 'red' : health === 'unhealthy' || health === 'starting' ? 'yellow' : 'green',
    whole: true,
  },
  {
    title: 'FOR',
    value: (one) => since(one.status === 'running' ? one.startedAt : one.finishedAt || one.createdAt),
    align: 'right',
    whole: true,
    spare: true,
  },
  {
    title: 'HOSTS',
    value: ({ routes, refusals }) =>
      [
        ...routes.map(({ match }) => matchText(match)),
        ...refusals.map(
          ({ match, reason }) => `refused: ${match === null ? '' : `${matchText(match)} `}${reason}`,
        ),
      ].join(', ') || '-',
  },
];

interface Options {
  readonly watch?: boolean;
}

export function containers(program: Command): void {
  program
    .command('containers')
    .alias('ps')
    .description('containers as the engine has them now')
    .option('-w, --watch', 'show it again after each change')
    .action(async ({ watch }: Options, command: Command) => {
      const context = online(command);
      await show(context, watch, async () => {
        const value = await context.client.list<Container>('/containers');
        return {
          value,
          lines: () =>
            value.items.length === 0
              ? ['The engine has no containers. Start one: docker run -d --name nginx1 nginx']
              : layOut(context.output, columns, value.items),
        };
      });
    });
}
