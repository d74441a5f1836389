/** How a stream's lines go out: as they are, or as a fault wants them. */
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { drained } from './drained.ts';
import type { Faults } from './faults.ts';

export interface LineShaper {
  /** @returns false if the reader is behind */
  write(res: ServerResponse, line: string): boolean;
}

/** Milliseconds for which lines are held back to go out together, or in another order. */
const holdTime = 20;

/** One for each stream: what it holds back belongs to that stream. */
export function createLineShaper(faults: Faults): LineShaper {
  const held: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let bytes = Promise.resolve();

  function release(res: ServerResponse, lines: readonly string[]): boolean {
    clearTimeout(timer);
    timer = undefined;
    const text = lines.join('');
    held.length = 0;
    return text === '' || !res.writable || res.write(text);
  }

  return {
    write(res, line) {
      const text = faults.garbage + line;
      switch (faults.stream) {
        case 'plain':
          return release(res, [...held, text]);
        case 'doubled':
          return release(res, [...held, text, text]);
        case 'split':
          bytes = bytes.then(() => writeBytes(res, text));
          return release(res, held);
        case 'silent':
          return true;
        case 'batched':
          held.push(text);
          timer ??= setTimeout(() => release(res, held), holdTime);
          return true;
        case 'reordered':
          if (held.length > 0) return release(res, [text, ...held]);
          held.push(text);
          timer ??= setTimeout(() => release(res, held), holdTime);
          return true;
        default:
          return faults.stream satisfies never;
      }
    },
  };
}

/**
 * Byte by byte, so that lines, and characters of several bytes, come in parts. Each in a turn of its own: Node puts
 * what is written in one turn into one chunk.
 */
async function writeBytes(res: ServerResponse, text: string): Promise<void> {
  for (const byte of Buffer.from(text)) {
    await nextTurn();
    if (!res.writable) return;
    if (!res.write(Buffer.of(byte))) await drained(res);
  }
}
