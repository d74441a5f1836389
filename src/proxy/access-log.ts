/** A worker's side of the access log: lines are batched and handed to the thread that writes; what it cannot take is dropped and counted. */
import type { MessagePort } from 'node:worker_threads';

export interface AccessLog {
  write(line: string): void;
  /** Hands over what is left. */
  close(): void;
}

/** From a worker to the writer, which answers each with its `size`. */
export interface Batch {
  readonly lines: string;
  /** Lines that found no room since the batch before. */
  readonly dropped: number;
}

/** Characters at which a batch is handed over, and milliseconds after which it is anyhow. */
const batchSize = 32 * 1024;
const batchTime = 100;
/** Characters that wait for the writer at most. */
const mostWaiting = 1024 * 1024;

export function createAccessLog(port: MessagePort): AccessLog {
  let lines = '';
  let dropped = 0;
  let waiting = 0;
  let timer: NodeJS.Timeout | null = null;

  port.on('message', (size: number) => {
    waiting -= size;
  });
  // Waiting for the writer keeps no worker alive.
  port.unref();

  function handOver(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (lines === '' && dropped === 0) return;
    waiting += lines.length;
    port.postMessage({ lines, dropped } satisfies Batch);
    lines = '';
    dropped = 0;
  }

  return {
    write(line) {
      if (waiting + lines.length + line.length > mostWaiting) {
        dropped += 1;
      } else {
        lines += line;
        if (lines.length >= batchSize) {
          handOver();
          return;
        }
      }
      timer ??= setTimeout(handOver, batchTime);
    },
    close() {
      handOver();
      port.close();
    },
  };
}
