/**
 * Tables that fit the terminal: the widest columns give way first, and what was cut ends in an ellipsis. Where too little
 * would be left of each, some are left out.
 */
import { harmless, type Output } from './output.ts';

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string;
  readonly align?: 'right';
  /** How the cell looks; by the text that it has. */
  readonly style?: (row: T) => Parameters<Output['paint']>[0] | null;
  /** Kept whole before others are. */
  readonly whole?: boolean;
  /** Left out where there is no room; of several the last one first. */
  readonly spare?: boolean;
}

const gap = '  ';
/** Below this no column is cut. */
const narrowest = 6;
/** What must be left of a column that is to be whole, and of another, rather than that a spare one is shown. */
const legible = { whole: 24, other: 10 };
/** Down to which a column that is not to be whole gives way first, and then one that is: one long name must not take all. */
const ample = { whole: 40, other: 24 };

export function printTable<T>(output: Output, columns: readonly Column<T>[], rows: readonly T[]): void {
  for (const line of layOut(output, columns, rows)) output.line(line);
}

export function layOut<T>(
  output: Pick<Output, 'width' | 'paint'>,
  allColumns: readonly Column<T>[],
  rows: readonly T[],
): string[] {
  const columns = withRoom(allColumns, rows, output.width);
  const cells = rows.map((row) => columns.map((column) => harmless(column.value(row))));
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...cells.map((line) => line[at]!.length)),
  );
  const fitted = narrow(widths, columns, output.width - gap.length * (columns.length - 1));
  const join = (texts: readonly string[]): string => texts.join(gap).trimEnd();
  const head = join(columns.map((column, at) => pad(column.title, fitted[at]!, column)));
  const body = rows.map((row, index) =>
    join(
      columns.map((column, at) => {
        const text = pad(cells[index]![at]!, fitted[at]!, column);
        const style = column.style?.(row) ?? null;
        return style === null ? text : output.paint(style, text);
      }),
    ),
  );
  return [output.paint('dim', head), ...body];
}

/** Without the spare ones for which there is no room. */
function withRoom<T>(columns: readonly Column<T>[], rows: readonly T[], width: number): readonly Column<T>[] {
  const least = columns.map(({ title, value, whole }) => {
    const enough = whole === true ? legible.whole : legible.other;
    const longest = rows.reduce((most, row) => Math.max(most, value(row).length), title.length);
    return Math.min(longest, enough) + gap.length;
  });
  const kept = columns.map((_, at) => at);
  while (sum(kept.map((at) => least[at]!)) - gap.length > width) {
    const spare = kept.findLastIndex((at) => columns[at]!.spare === true);
    if (spare === -1) break;
    kept.splice(spare, 1);
  }
  return kept.map((at) => columns[at]!);
}

/**
 * Takes from the widest until all fit: from those that need not be whole, then from those that should be, as long as
 * each stays ample; then in the same order as long as each is legible, then to the last.
 */
function narrow(widths: readonly number[], columns: readonly Column<never>[], room: number): number[] {
  const fitted = [...widths];
  for (const [whole, least] of [
    [false, ample.other],
    [true, ample.whole],
    [false, legible.other],
    [true, legible.whole],
    [false, narrowest],
    [true, narrowest],
  ] as const) {
    const own = fitted.flatMap((_, at) => ((columns[at]!.whole === true) === whole ? [at] : []));
    while (sum(fitted) > room) {
      const widest = own.reduce((most, at) => (fitted[at]! > fitted[most]! ? at : most), own[0] ?? -1);
      if (widest === -1 || fitted[widest]! <= least) break;
      fitted[widest]! -= 1;
    }
  }
  return fitted;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

function pad(text: string, width: number, column: Pick<Column<never>, 'align'>): string {
  const shown = text.length > width ? `${text.slice(0, width - 1)}…` : text;
  return column.align === 'right' ? shown.padStart(width) : shown.padEnd(width);
}
