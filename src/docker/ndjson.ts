/** Newline-delimited JSON as it comes off a socket: cut anywhere, in lines of bounded length, with exact nanoseconds. */

export interface NdjsonOptions {
  onValue(value: unknown): void;
  /** A line that is no JSON or too long; `problem` quotes nothing of it, as it may hold secrets. */
  onGarbage(problem: string): void;
  /** Bytes a line may have; 1 MiB if not given. */
  readonly maxLine?: number;
}

export interface NdjsonReader {
  feed(chunk: Buffer): void;
  /** At the end of the stream: a last line may lack its newline. */
  end(): void;
}

const newline = 0x0a;

/**
 * Lines are found in the bytes and decoded whole, so neither chunks nor UTF-8 sequences split by them matter.
 * A number called `timeNano` becomes a bigint, taken from its text: it does not fit a JavaScript number.
 */
export function createNdjsonReader(options: NdjsonOptions): NdjsonReader {
  const maxLine = options.maxLine ?? 1_048_576;
  let parts: Buffer[] = [];
  let length = 0;
  let skipping = false;

  const add = (part: Buffer) => {
    if (skipping || part.length === 0) return;
    length += part.length;
    if (length > maxLine) {
      skipping = true;
      parts = [];
      options.onGarbage(`a line is longer than ${maxLine} bytes`);
    } else parts.push(part);
  };
  const finish = () => {
    if (!skipping && length > 0) parseLine(parts.length === 1 ? parts[0]! : Buffer.concat(parts), options);
    parts = [];
    length = 0;
    skipping = false;
  };

  return {
    feed(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
        add(chunk.subarray(from, at));
        finish();
        from = at + 1;
      }
      add(chunk.subarray(from));
    },
    end: finish,
  };
}

function parseLine(line: Buffer, options: NdjsonOptions): void {
  const text = line.toString('utf8').trim();
  if (text === '') return;
  let value: unknown;
  try {
    value = JSON.parse(text, keepNanoseconds);
  } catch {
    options.onGarbage(`a line of ${line.length} bytes is no JSON`);
    return;
  }
  options.onValue(value);
}

/** `source` is the number's own text (TC39 JSON.parse source text access); labels called `timeNano` are strings. */
function keepNanoseconds(key: string, value: unknown, context?: { source?: string }): unknown {
  if (key !== 'timeNano' || typeof value !== 'number') return value;
  const source = context?.source ?? '';
  return /^-?\d{1,20}$/.test(source) ? BigInt(source) : value;
}
