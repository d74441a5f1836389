/** Server-sent events over `fetch`: also of POST, with the API's problems, and closed by a signal. */
import { ApiProblem, send } from './client.ts';

export interface Message {
  readonly event: string;
  readonly data: string;
  readonly id: string;
}

export interface ListenOptions {
  readonly signal: AbortSignal;
  readonly method?: string;
  readonly body?: unknown;
  readonly onOpen?: () => void;
  /** Called with each sign of life, so that whoever waits for one can tell silence. */
  readonly onSign?: () => void;
}

/** Resolves when the stream ends. @throws {ApiProblem} if it could not be opened, or broke */
export async function listen(
  path: string,
  onMessage: (message: Message) => void,
  { signal, method = 'GET', body, onOpen, onSign }: ListenOptions,
): Promise<void> {
  const response = await send(method, path, 'text/event-stream', body, signal);
  onOpen?.();
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onSign?.();
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop()!;
    for (const block of blocks) {
      const message = parse(block);
      if (message !== null) onMessage(message);
    }
  }
}

/** Milliseconds. */
const retry = 1_000;

/** Listens until the stream ends by itself. One that breaks, as Portolan is away, is begun again; one that is refused is not. */
export async function keepListening(
  path: string,
  onMessage: (message: Message) => void,
  {
    signal,
    onOpen,
    onProblem,
  }: { signal: AbortSignal; onOpen?: () => void; onProblem?: (problem: Error) => void },
): Promise<void> {
  while (!signal.aborted) {
    try {
      await listen(path, onMessage, { signal, ...(onOpen === undefined ? {} : { onOpen }) });
      return;
    } catch (error) {
      if (signal.aborted) return;
      onProblem?.(error as Error);
      if (error instanceof ApiProblem && error.status >= 400 && error.status < 500) return;
      await new Promise((resolve) => setTimeout(resolve, retry));
    }
  }
}

/** @returns null for a comment, which is a sign of life */
function parse(block: string): Message | null {
  const fields: Record<string, string[]> = {};
  for (const line of block.split('\n')) {
    const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (name === undefined) continue;
    fields[name] ??= [];
    fields[name].push(value!);
  }
  if (fields['data'] === undefined) return null;
  return {
    event: fields['event']?.[0] ?? 'message',
    data: fields['data'].join('\n'),
    id: fields['id']?.[0] ?? '',
  };
}
