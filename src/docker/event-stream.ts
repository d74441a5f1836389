/** The engine's event stream, unfiltered: messages as they come, until it ends for whatever reason. */
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { callEngine } from './call.ts';
import { createNdjsonReader } from './ndjson.ts';
import { type EngineMessage, readMessage } from './signals.ts';

export interface EventStreamOptions {
  readonly docker: Docker;
  /** Nanoseconds on the engine's clock; what it remembers from then on (inclusive) comes first. */
  readonly since: bigint;
  /** Milliseconds for the response's head. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

export interface EventStreamListener {
  /** Before the messages of a chunk. */
  onChunk(): void;
  onMessage(message: EngineMessage): void;
  onGarbage(problem: string): void;
  /** Once. */
  onEnd(reason: string): void;
}

export interface EventStream {
  /** Begins to read; nothing is lost between opening and this. */
  read(listener: EventStreamListener): void;
  close(): void;
}

/**
 * All types of events are subscribed to, also those that are noise to us: the last event seen, of any type, is what
 * tells later whether the engine's memory reaches back far enough.
 * @throws {EngineError}
 */
export async function openEventStream(options: EventStreamOptions): Promise<EventStream> {
  const { docker, since, deadline, signal } = options;
  const stream = await callEngine({ deadline, signal }, async (abortSignal) => {
    // The types say number; nanoseconds fit into text only.
    const query = { since: formatSeconds(since) as unknown as number, abortSignal };
    return (await docker.getEvents(query)) as Readable;
  });
  return {
    read: (listener) => readStream(stream, listener),
    close: () => {
      stream.destroy();
    },
  };
}

function readStream(stream: Readable, listener: EventStreamListener): void {
  const reader = createNdjsonReader({
    onValue(value) {
      const message = readMessage(value);
      if (message === null) listener.onGarbage('a line is no event of the Docker API');
      else listener.onMessage(message);
    },
    onGarbage: listener.onGarbage,
  });
  let ended = false;
  const end = (reason: string) => {
    if (ended) return;
    ended = true;
    listener.onEnd(reason);
  };
  stream.on('data', (chunk: Buffer) => {
    listener.onChunk();
    reader.feed(chunk);
  });
  stream.once('end', () => {
    reader.end();
    end('the engine ended the event stream');
  });
  stream.once('error', (error: Error) => end(`the event stream broke: ${error.message}`));
  stream.once('close', () => end('the event stream was closed'));
}

/** `seconds.nanoseconds`, as the API takes it. */
const formatSeconds = (nanoseconds: bigint): string =>
  `${nanoseconds / 1_000_000_000n}.${(nanoseconds % 1_000_000_000n).toString().padStart(9, '0')}`;
