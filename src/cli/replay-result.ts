/** What a replay found, as people read it. */
import type { Output } from './output.ts';
import type { Replay, RouteDifference } from './shapes.ts';
import { type Column, printTable } from './table.ts';
import { clock, matchText, took } from './words.ts';

const names = (all: readonly string[]): string => all.join(', ') || '-';

const columns: readonly Column<RouteDifference>[] = [
  { title: 'ROUTE', value: matchText, whole: true },
  {
    title: 'WOULD BE',
    value: (one) => one.change,
    style: (one) => (({ added: 'green', removed: 'red', changed: 'yellow' }) as const)[one.change],
    whole: true,
  },
  { title: 'FROM', value: (one) => clock(one.from.at), whole: true },
  { title: 'TO', value: (one) => (one.to === null ? 'the end' : clock(one.to.at)), whole: true },
  { title: 'WAS', value: (one) => names(one.live) },
  { title: 'WOULD HAVE BEEN', value: (one) => names(one.whatIf) },
];

export function printReplay(output: Output, replay: Replay): void {
  const { state, mode, id, position, startedAt, finishedAt, error, result } = replay;
  if (state === 'running') {
    output.line(`${mode} goes on as ${id}`);
    return;
  }
  const colour = state === 'succeeded' ? 'green' : 'red';
  const time = finishedAt === undefined ? '' : ` in ${took(Date.parse(finishedAt) - Date.parse(startedAt))}`;
  output.line(
    `${mode} ${output.paint(colour, state)} at position ${position}${time}${error ? `: ${error}` : ''}`,
  );
  if (result?.differences !== undefined) printDifferences(output, result);
  if (result?.routes === undefined) return;
  if (result.routes.length === 0) output.line('No route would have been another.');
  else printTable(output, columns, result.routes);
  if (result.truncated === true) output.line('There are more.');
}

function printDifferences(
  output: Output,
  { differences = [], compared, truncated }: NonNullable<Replay['result']>,
): void {
  output.line(
    differences.length === 0
      ? `All ${compared} rows are as the log has them.`
      : `${differences.length}${truncated === true ? ' and more' : ''} of ${compared} rows are not as the log has them:`,
  );
  for (const { table, key, live, rebuilt } of differences) {
    output.line(`${table} ${key}`);
    output.line(`  ${output.paint('red', `live     ${JSON.stringify(live)}`)}`);
    output.line(`  ${output.paint('green', `from log ${JSON.stringify(rebuilt)}`)}`);
  }
  if (differences.length > 0) output.line('portolan replay rebuild makes them anew.');
}
