/** Writes to the terminal, a pipe or a file: colours and widths on a terminal only, JSON where it is asked for. */
import { stripVTControlCharacters, styleText } from 'node:util';
import { type CliFailure, exitCodes } from './failure.ts';

type Style = Parameters<typeof styleText>[0];

export interface Output {
  readonly json: boolean;
  /** Whether a person looks at it. */
  readonly terminal: boolean;
  /** Columns and rows; endless where nobody looks. */
  readonly width: number;
  readonly height: number;
  /** Colours, where they are wanted: on a terminal, without NO_COLOR. */
  paint(style: Style, text: string): string;
  line(text?: string): void;
  /** As it is, without an end of line. */
  write(text: string): void;
  /** A whole answer as JSON. */
  answer(value: unknown): void;
  /** One of many, as one line of JSON. */
  item(value: unknown): void;
  /** Beside the answer, on standard error: what one should know. */
  note(text: string): void;
  /** On standard error: what went wrong, and what to do. @param name of which of several */
  failure(failure: CliFailure, name?: string): void;
  /** On standard error: what a container wrote there. */
  errorLine(text: string): void;
}

export function createOutput(options: { readonly json: boolean }): Output {
  const { stdout, stderr } = process;
  const line = (text = ''): void => void stdout.write(`${stdout.isTTY === true ? steady(text) : text}\n`);
  return {
    json: options.json,
    terminal: stdout.isTTY === true,
    get width() {
      return stdout.isTTY === true ? Math.max(stdout.columns || 80, 40) : Number.POSITIVE_INFINITY;
    },
    get height() {
      return stdout.isTTY === true ? Math.max(stdout.rows || 24, 5) : Number.POSITIVE_INFINITY;
    },
    // Looks at the stream, NO_COLOR, NODE_DISABLE_COLORS and FORCE_COLOR by itself.
    paint: (style, text) => styleText(style, text, { stream: stdout }),
    line,
    write: (text) => void stdout.write(text),
    answer: (value) => line(JSON.stringify(value, null, stdout.isTTY === true ? 2 : undefined)),
    item: (value) => line(JSON.stringify(value)),
    note: (text) => complain(options.json ? { note: text } : text),
    failure({ message, hints, exitCode }, name) {
      const text = [name === undefined ? message : `${name}: ${message}`, ...hints].join('\n  ');
      complain(options.json ? { error: { name, message, hints, exitCode } } : text);
    },
    errorLine: (text) => void stderr.write(`${stderr.isTTY === true ? steady(text) : text}\n`),
  };
}

/** A line for people, or one of JSON. */
function complain(what: string | object): void {
  const text = typeof what === 'string' ? `portolan: ${what}` : JSON.stringify(what);
  process.stderr.write(`${process.stderr.isTTY === true ? steady(text) : text}\n`);
}

/** For a terminal: lines, tabs and colours stay, nothing else of what a container may have written steers it. */
export const steady = (text: string): string =>
  text
    .split(/([\t\n]|\x1b\[[\d;:]*m)/)
    .map((part, index) => (index % 2 === 1 ? part : harmless(part)))
    .join('');

/** Text from containers and their labels must not steer the terminal. */
export const harmless = (text: string): string =>
  stripVTControlCharacters(text).replace(/[\x00-\x1f\x7f-\x9f]/g, '\u{fffd}');

/** A reader that went away (`| head`) is no failure; a disk that is full is one. */
export function endWithReader(): void {
  const { stdout, stderr } = process;
  const end = ({ code }: NodeJS.ErrnoException): never => process.exit(code === 'EPIPE' ? 0 : exitCodes.no);
  stderr.on('error', end);
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') complain(`standard output cannot be written (${error.code})`);
    end(error);
  });
}
