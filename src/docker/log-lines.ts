/** A container's output as lines: the API's frames taken apart (or not, with a terminal) and lines put together. */
import { StringDecoder } from 'node:string_decoder';
import type { LogLine } from './engine.ts';

export interface LogLines {
  feed(chunk: Buffer): void;
  /** At the end of the stream: last lines may lack their newline. */
  end(): void;
}

/** Characters after which a line is broken: a container may write for ever without a newline. */
const longestLine = 65_536;
const headerSize = 8;

/**
 * @param tty with a terminal the stream is raw; else it comes in frames: one byte for the stream (2 is stderr), three
 * of zeros, the length in four, then the bytes (Docker API, "Stream format" of attach)
 */
export function createLogLines(tty: boolean, onLine: (line: LogLine) => void): LogLines {
  const out = { stdout: createSplitter('stdout', onLine), stderr: createSplitter('stderr', onLine) };
  const frames = createFrames((stream, bytes) => out[stream].feed(bytes));
  return {
    feed: tty ? (chunk) => out.stdout.feed(chunk) : frames,
    end() {
      out.stdout.end();
      out.stderr.end();
    },
  };
}

/** Passes on each frame's bytes as they come; only the eight bytes of a header are ever held. */
function createFrames(onBytes: (stream: LogLine['stream'], bytes: Buffer) => void): (chunk: Buffer) => void {
  const header = Buffer.alloc(headerSize);
  let filled = 0;
  let left = 0;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (left === 0) {
        const taken = Math.min(headerSize - filled, chunk.length - at);
        chunk.copy(header, filled, at, at + taken);
        filled += taken;
        at += taken;
        if (filled < headerSize) return;
        filled = 0;
        left = header.readUInt32BE(4);
      } else {
        const taken = Math.min(left, chunk.length - at);
        onBytes(header[0] === 2 ? 'stderr' : 'stdout', chunk.subarray(at, at + taken));
        at += taken;
        left -= taken;
      }
    }
  };
}

function createSplitter(stream: LogLine['stream'], onLine: (line: LogLine) => void): LogLines {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const emit = (line: string) => onLine({ stream, line: line.endsWith('\r') ? line.slice(0, -1) : line });
  return {
    feed(bytes) {
      const lines = (rest + decoder.write(bytes)).split('\n');
      rest = lines.pop()!;
      for (const line of lines) emit(line);
      while (rest.length > longestLine) {
        emit(rest.slice(0, longestLine));
        rest = rest.slice(longestLine);
      }
    },
    end() {
      rest += decoder.end();
      if (rest !== '') emit(rest);
      rest = '';
    },
  };
}
