/** `portolan logs`: what a container has written; with `-f` also what it will. */
import { type Command, InvalidArgumentError } from 'commander';
import { segment } from '../client.ts';
import { online } from '../context.ts';
import { namingNearest } from '../nearest.ts';
import { streamFailure } from '../stream-failure.ts';

interface Options {
  readonly follow?: boolean;
  readonly tail: number;
}

export function logs(program: Command): void {
  program
    .command('logs')
    .description('what a container has written')
    .argument('<name>', 'a name or an id')
    .option('-f, --follow', 'go on with what it will write')
    .option('-n, --tail <lines>', 'as many of the last lines', linesOf, 100)
    .action(async (name: string, { follow = false, tail }: Options, command: Command) => {
      const { client, output } = online(command);
      await namingNearest(client, 'container', name, async () => {
        const path = `/containers/${segment(name)}/logs`;
        for await (const { event, data } of client.stream('GET', path, { query: { follow, tail } })) {
          if (event === 'failed') throw streamFailure(data);
          if (event === 'omitted') output.note(`${data} lines were left out: this reader is too slow`);
          if (event !== 'stdout' && event !== 'stderr') continue;
          if (output.json) output.item({ stream: event, line: data });
          else if (event === 'stdout') output.line(data);
          else output.errorLine(data);
        }
      });
    });
}

function linesOf(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Allowed: a number of lines, at most 99999.');
}
