/** Pulls an image and waits for the end: the engine answers 200 at once, and says in the stream how it went. */
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { z } from 'zod';
import { callEngine } from './call.ts';
import { EngineError, type PullProgress } from './engine.ts';
import { timedOut, toEngineError } from './failure.ts';
import { createNdjsonReader } from './ndjson.ts';

const lineSchema = z.object({
  id: z.string().optional(),
  status: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).nullish(),
  error: z.string().optional(),
  errorDetail: z.object({ code: z.number().optional(), message: z.string().optional() }).nullish(),
});
type PullLine = z.infer<typeof lineSchema>;

export interface PullOptions {
  /** Milliseconds of silence, also before the first word, after which a pull counts as hung. */
  readonly silence: number;
  readonly redact: (text: string) => string;
  readonly onProgress: (progress: PullProgress) => void;
}

/** @throws {EngineError} */
export async function pullImage(docker: Docker, image: string, options: PullOptions): Promise<void> {
  const { name, tag } = parseReference(image);
  const stream = await callEngine(
    { deadline: options.silence, redact: options.redact },
    async (abortSignal) => {
      return (await docker.createImage({ fromImage: name, tag, abortSignal })) as unknown as Readable;
    },
  );
  try {
    await followPull(stream, options);
  } catch (error) {
    throw toEngineError(error, options.redact);
  } finally {
    stream.destroy();
  }
}

/** Without a tag the engine would pull them all; a digest goes where the tag does. A colon before a slash is a port. */
export function parseReference(image: string): { name: string; tag: string } {
  const at = image.indexOf('@');
  if (at !== -1) return { name: image.slice(0, at), tag: image.slice(at + 1) };
  const colon = image.lastIndexOf(':');
  if (colon === -1 || image.includes('/', colon)) return { name: image, tag: 'latest' };
  return { name: image.slice(0, colon), tag: image.slice(colon + 1) };
}

function followPull(stream: Readable, { silence, redact, onProgress }: PullOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(timedOut(silence)), silence);
  const reader = createNdjsonReader({
    onValue(value) {
      timer.refresh();
      const line = lineSchema.safeParse(value).data;
      if (line === undefined) return;
      if (line.error !== undefined || line.errorDetail != null) return reject(refusal(line, redact));
      onProgress(progressOf(line));
    },
    onGarbage: (problem) => reject(new EngineError(`the pull's progress is not understood: ${problem}`, 502)),
  });
  stream.on('data', (chunk: Buffer) => reader.feed(chunk));
  stream.once('end', () => {
    reader.end();
    resolve();
  });
  stream.once('error', reject);
  stream.once('close', () => reject(new EngineError('the connection ended in the middle of the pull', 503)));
  return promise.finally(() => clearTimeout(timer));
}

function refusal(line: PullLine, redact: (text: string) => string): EngineError {
  const message = line.error ?? line.errorDetail?.message ?? 'the pull failed';
  const code = line.errorDetail?.code ?? 0;
  if (code >= 400 && code <= 599) return new EngineError(redact(message), code);
  const missing = /not found|manifest unknown|does not exist|access denied/i.test(message);
  return new EngineError(
    redact(message),
    missing ? 404 : 502,
    missing ? '' : "the image's registry did not answer well",
  );
}

const progressOf = ({ id, status, progressDetail }: PullLine): PullProgress => ({
  ...(id !== undefined && { id }),
  status: status ?? '',
  ...(progressDetail?.current !== undefined && { current: progressDetail.current }),
  ...(progressDetail?.total !== undefined && { total: progressDetail.total }),
});
