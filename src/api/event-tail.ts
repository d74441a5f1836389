/** Reads and writes out each stretch of the log once for all clients of the stream that stand at the same place. */
import type { QueryPort } from '../queries/port.ts';

export interface Stretch {
  /** As server-sent events; the same bytes go to everybody. */
  readonly bytes: Uint8Array;
  /** Where to go on. */
  readonly last: number;
}

export interface EventTail {
  /** @returns what follows a position, null if nothing does yet */
  after(position: number): Promise<Stretch | null>;
  /** Calls after each commit; with many clients commits are joined. @returns unsubscribes */
  subscribe(ring: () => void): () => void;
}

/** Positions of a stretch at most. */
const page = 100;
/** Bytes of stretches that are kept, for those who are a little behind. */
const kept = 4_000_000;
/** Clients that a millisecond of pause is worth: writing to one takes some tens of microseconds of the thread that decides. */
const clientsPerMillisecond = 4;

/** @param onCommit is told of a commit when questions see it */
export function createEventTail(
  queries: Pick<QueryPort, 'following'>,
  onCommit: (listener: () => void) => () => void,
): EventTail {
  const bells = new Set<() => void>();
  /** By the position before them. What follows a position never changes once there is something. */
  const stretches = new Map<number, Stretch>();
  const asked = new Map<number, Promise<Stretch | null>>();
  const encoder = new TextEncoder();
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopListening: (() => void) | undefined;

  function ringAll(): void {
    timer = undefined;
    for (const ring of [...bells]) ring();
  }

  function committed(): void {
    // What was asked before may not have seen it.
    asked.clear();
    const pause = Math.floor(bells.size / clientsPerMillisecond);
    if (pause === 0) ringAll();
    else timer ??= setTimeout(ringAll, pause);
  }

  async function ask(position: number): Promise<Stretch | null> {
    const found = await queries.following(position, page);
    if (found === null) return null;
    const { items, last } = found;
    const text = items
      .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\nid: ${event.position}\n\n`)
      .join('');
    // Past what cannot be read there is an id without an event: who resumes does not begin before it again.
    const past = items.at(-1)?.position === last ? '' : `id: ${last}\n\n`;
    return { bytes: encoder.encode(`${text}${past}`), last };
  }

  async function share(position: number): Promise<Stretch | null> {
    const question = ask(position);
    asked.set(position, question);
    try {
      const found = await question;
      if (found !== null) keep(position, found);
      return found;
    } finally {
      if (asked.get(position) === question) asked.delete(position);
    }
  }

  function keep(position: number, stretch: Stretch): void {
    if (stretches.has(position)) return;
    stretches.set(position, stretch);
    bytes += stretch.bytes.length;
    for (const [oldest, { bytes: gone }] of stretches) {
      if (bytes <= kept) return;
      stretches.delete(oldest);
      bytes -= gone.length;
    }
  }

  function unsubscribe(ring: () => void): void {
    bells.delete(ring);
    if (bells.size > 0) return;
    clearTimeout(timer);
    timer = undefined;
    stopListening?.();
    stopListening = undefined;
    stretches.clear();
    bytes = 0;
  }

  return {
    async after(position) {
      return stretches.get(position) ?? (await (asked.get(position) ?? share(position)));
    },
    subscribe(ring) {
      stopListening ??= onCommit(committed);
      bells.add(ring);
      return () => unsubscribe(ring);
    },
  };
}
