/** Lines of an export, however they are cut on their way. */
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { splitLines } from '../../src/log/lines.ts';

async function linesOf(chunks: readonly (Buffer | string)[], most?: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of splitLines(Readable.from(chunks), most)) lines.push(line);
  return lines;
}

test('a line ends at LF, not at the separators that JSON leaves in its texts', async () => {
  const text = '{"a":"b\u2028c\u2029d\u0085e"}';
  expect(await linesOf([`${text}\n\n${text}\r\nlast`])).toEqual([text, '', `${text}\r`, 'last']);
});

test('lines are the same wherever their bytes are cut', async () => {
  const bytes = Buffer.from('één\n\u2028\n€uro 🐢\n');
  const single = [...bytes].map((byte) => Buffer.of(byte));
  expect(await linesOf(single)).toEqual(['één', '\u2028', '€uro 🐢']);
});

test('a line that does not end is given up, and not taken into memory as a whole', async () => {
  const endless = Array.from({ length: 100 }, () => 'x'.repeat(10));
  await expect(linesOf(['short\n', ...endless], 50)).rejects.toThrow('it is longer than 50 bytes');
});
