/** `portolan why`: why a host is as it is, in one sentence, and the events that made it so. */
import type { Command } from 'commander';
import { segment } from '../client.ts';
import { online } from '../context.ts';
import { eventLine } from '../event-lines.ts';
import { momentsAllowed, parseMoment } from '../moment.ts';
import { harmless } from '../output.ts';
import type { Why } from '../shapes.ts';
import { show } from '../show.ts';

interface Options {
  readonly at?: string;
  readonly watch?: boolean;
}

export function why(program: Command): void {
  program
    .command('why')
    .description('why a host is as it is, and what led to it')
    .argument('<host>')
    .option('--at <moment>', `as it was: ${momentsAllowed}`, (text) => parseMoment(text))
    .option('-w, --watch', 'show it again after each change')
    .action(async (host: string, { at, watch }: Options, command: Command) => {
      const context = online(command);
      await show(context, watch, async () => {
        const value = await context.client.get<Why>(`/hosts/${segment(host)}/why`, { at });
        return {
          value,
          lines: () => [
            harmless(value.sentence),
            ...value.chain.map((event) => eventLine(context.output, event)),
          ],
        };
      });
    });
}
