/** Tables that fit the terminal: the widest columns give way first, and what was cut ends in an ellipsis. */
import { harmless, type Output } from './output.ts';

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string;
  readonly align?: 'right';
  /** How the cell looks; by the text that it has. */
  readonly style?: (row: T) => Parameters<Output['paint']>[0] | null;
  /** Kept whole before others are. */
  readonly whole?: boolean;
}

const gap = '  ';
/** Below this no column is cut. */
const narrowest = 6;

export function printTable<T>(output: Output, columns: readonly Column<T>[], rows: readonly T[]): void {
  for (const line of layOut(output, columns, rows)) output.line(line);
}

export function layOut<T>(
  output: Pick<Output, 'width' | 'paint'>,
  columns: readonly Column<T>[],
  rows: readonly T[],
): string[] {
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

/** Takes from the widest until all fit; from those that should be whole only when the others have no more. */
function narrow(widths: readonly number[], columns: readonly Column<never>[], room: number): number[] {
  const fitted = [...widths];
  for (const wholeOnes of [false, true]) {
    while (sum(fitted) > room) {
      const widest = Math.max(
        ...fitted.filter((_, at) => (columns[at]!.whole === true) === wholeOnes),
        narrowest,
      );
      if (widest === narrowest) break;
      const at = fitted.findIndex(
        (width, index) => width === widest && (columns[index]!.whole === true) === wholeOnes,
      );
      fitted[at] = widest - 1;
    }
  }
  return fitted;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

function pad(text: string, width: number, column: Pick<Column<never>, 'align'>): string {
  const shown = text.length > width ? `${text.slice(0, width - 1)}…` : text;
  return column.align === 'right' ? shown.padStart(width) : shown.padEnd(width);
}
