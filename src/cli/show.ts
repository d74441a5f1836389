/** Shows an answer once, or with `--watch` again after each event of the log, until it is interrupted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import type { OnlineContext } from './context.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { type Output, steady } from './output.ts';

export interface View {
  readonly value: unknown;
  /** For people; asked again as time passes, as ages grow. */
  readonly lines: () => readonly string[];
}

/** Milliseconds. */
const redraw = 1_000;
const retry = 1_000;
/** Events that come together are drawn once. */
const settle = 100;

export async function show(
  { client, output }: OnlineContext,
  watch: boolean | undefined,
  look: () => Promise<View>,
): Promise<void> {
  if (watch !== true) {
    const { value, lines } = await look();
    if (output.json) output.answer(value);
    else for (const line of lines()) output.line(line);
    return;
  }
  const screen = createScreen(output);
  for (;;) {
    try {
      const { position } = await client.get<{ position: number }>('/log');
      screen.draw(await look());
      const bell = ring(client.stream('GET', '/events/stream', { query: { after: position } }));
      while (await bell.next(redraw, () => screen.redraw())) screen.draw(await look());
    } catch (error) {
      if (!(error instanceof CliFailure) || error.exitCode !== exitCodes.away) throw error;
      screen.note(`${error.message}; trying again`);
    }
    await sleep(retry);
  }
}

/** Tells that something came, however much. */
function ring(stream: AsyncGenerator<unknown>) {
  let pending = stream.next();
  return {
    /** @returns false once the stream has ended */
    async next(patience: number, onQuiet: () => void): Promise<boolean> {
      for (;;) {
        const first = await Promise.race([pending, sleep(patience, null)]);
        if (first === null) {
          onQuiet();
          continue;
        }
        if (first.done === true) return false;
        const quiet = sleep(settle, null);
        for (;;) {
          pending = stream.next();
          const more = await Promise.race([pending, quiet]);
          if (more === null) return true;
          if (more.done === true) return false;
        }
      }
    },
  };
}

/** A line that is longer than the terminal is wide takes several of its rows. */
const rowsOf = (line: string, width: number): number =>
  Math.max(1, Math.ceil(stripVTControlCharacters(line).length / width));

/** How many of the lines fit into so many rows. */
export function thatFit(lines: readonly string[], rows: number, width: number): number {
  let taken = 0;
  const first = lines.findIndex((line) => {
    taken += rowsOf(line, width);
    return taken > rows;
  });
  return first === -1 ? lines.length : first;
}

function createScreen(output: Output) {
  let shown = '';
  let last: View | null = null;
  let said = '';
  /** From the top, in one write; what does not fit below is left out, else the terminal would scroll. */
  const paint = (lines: readonly string[], foot: string): void => {
    const fitting = thatFit(lines, output.height - 2 - rowsOf(foot, output.width), output.width);
    const rest = lines.length - fitting;
    const last = output.paint('dim', rest > 0 ? `${rest} more lines; ${foot}` : foot);
    output.write(`\x1b[H\x1b[J${steady([...lines.slice(0, fitting), '', last].join('\n'))}\n`);
  };
  return {
    draw(view: View): void {
      last = view;
      said = '';
      if (output.terminal && !output.json) {
        paint(view.lines(), 'watching; Ctrl-C ends');
        return;
      }
      const text = output.json ? JSON.stringify(view.value) : view.lines().join('\n');
      if (text === shown) return;
      if (shown !== '' && !output.json) output.line();
      shown = text;
      output.line(text);
    },
    redraw(): void {
      if (last !== null && output.terminal && !output.json) paint(last.lines(), 'watching; Ctrl-C ends');
    },
    /** Once, however often it is tried. */
    note(text: string): void {
      if (said === text) return;
      said = text;
      if (output.terminal && !output.json) paint(last?.lines() ?? [], text);
      else output.note(text);
    },
  };
}
