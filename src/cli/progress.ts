/** A bar that redraws itself on a terminal's standard error, and is silent elsewhere. */
import { styleText } from 'node:util';
import { harmless } from './output.ts';

export interface Progress {
  /** @param part from 0 to 1; null while it is not known */
  update(part: number | null, text: string): void;
  /** Takes the bar away. */
  end(): void;
}

const barWidth = 24;
/** Milliseconds between two drawings. */
const rest = 80;

export function createProgress(): Progress {
  const { stderr } = process;
  if (stderr.isTTY !== true) return { update: () => undefined, end: () => undefined };
  let drawnAt = 0;
  return {
    update(part, text) {
      const now = Date.now();
      if (now - drawnAt < rest && part !== 1) return;
      drawnAt = now;
      // Thin where there is more to come: without colours that alone tells.
      const done = Math.round(Math.min(Math.max(part ?? 0, 0), 1) * barWidth);
      const bar = `${'━'.repeat(done)}${styleText('dim', '─'.repeat(barWidth - done), { stream: stderr })}`;
      const percent = part === null ? '    ' : `${String(Math.floor(part * 100)).padStart(3)}%`;
      const room = Math.max((stderr.columns || 80) - barWidth - 8, 10);
      stderr.write(`\r\x1b[K${bar} ${percent} ${harmless(text).slice(0, room)}`);
    },
    end() {
      if (drawnAt !== 0) stderr.write('\r\x1b[K');
    },
  };
}
