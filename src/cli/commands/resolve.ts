/** `portolan resolve`: where a request would go. Exit code 1 if the proxy would answer by itself. */
import type { Command } from 'commander';
import { online } from '../context.ts';
import { exitCodes } from '../failure.ts';
import { momentsAllowed, parseMoment } from '../moment.ts';
import type { Resolution } from '../shapes.ts';
import { show } from '../show.ts';
import { targetText } from '../words.ts';

interface Options {
  readonly at?: string;
  readonly method?: string;
  readonly watch?: boolean;
}

export function resolve(program: Command): void {
  program
    .command('resolve')
    .description('where a request would go')
    .argument('<url>', 'a URL, or a host')
    .option('--at <moment>', `as it was: ${momentsAllowed}`, (text) => parseMoment(text))
    .option('--method <method>', 'of the request (GET)', (text) => text.toUpperCase())
    .option('-w, --watch', 'show it again after each change')
    .action(async (text: string, { at, method, watch }: Options, command: Command) => {
      const context = online(command);
      const { output } = context;
      const url = text.includes('://') ? text : `http://${text}`;
      await show(context, watch, async () => {
        const value = await context.client.get<Resolution>('/resolve', { url, method, at });
        process.exitCode = value.status === 200 ? 0 : exitCodes.no;
        return {
          value,
          lines: () => [
            `${output.paint(value.status === 200 ? 'green' : 'red', String(value.status))}  ${value.sentence}`,
            ...value.targets.map((target) => `     ${targetText(target)}`),
          ],
        };
      });
    });
}
