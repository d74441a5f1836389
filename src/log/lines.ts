/**
 * Lines of NDJSON as they come. They end at LF alone: Node's own `readline` also ends them at U+2028 and U+2029, which JSON
 * leaves as they are within a text.
 */
import type { Readable } from 'node:stream';

/** Bytes of a line. */
const longest = 64 * 1024 * 1024;

/** A file without line ends, which would be taken into memory as a whole. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong';
}

/** @throws {LineTooLong} and what the input fails with */
export async function* splitLines(input: Readable, most = longest): AsyncGenerator<string> {
  let begun: Buffer[] = [];
  let length = 0;
  const keep = (bytes: Buffer): void => {
    begun.push(bytes);
    length += bytes.length;
    if (length > most) throw new LineTooLong(`it is longer than ${most} bytes`);
  };
  const take = (): string => {
    const line = Buffer.concat(begun).toString();
    begun = [];
    length = 0;
    return line;
  };
  for await (const chunk of input as AsyncIterable<Buffer | string>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    let from = 0;
    for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, from)) {
      keep(bytes.subarray(from, end));
      from = end + 1;
      yield take();
    }
    if (from < bytes.length) keep(bytes.subarray(from));
  }
  if (length > 0) yield take();
}

const lineFeed = 10;
