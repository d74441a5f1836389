/** What a container writes: kept for `docker logs`, and told to those who follow. */
export interface OutputLine {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
  /** Nanoseconds since the epoch. */
  readonly at: bigint;
}

export interface Output {
  lines(): readonly OutputLine[];
  write(text: string, stream?: OutputLine['stream']): void;
  /** The process has ended: so do those who follow. */
  end(): void;
  /** Until it ends; returns the way to stop following. */
  follow(follower: { onLine(line: OutputLine): void; onEnd(): void }): () => void;
}

/** Lines that are kept. */
const most = 1_000;

export function createOutput(now: () => bigint): Output {
  const lines: OutputLine[] = [];
  const followers = new Set<{ onLine(line: OutputLine): void; onEnd(): void }>();
  return {
    lines: () => lines,
    write(text, stream = 'stdout') {
      const line = { stream, text, at: now() };
      lines.push(line);
      if (lines.length > most) lines.shift();
      for (const follower of followers) follower.onLine(line);
    },
    end() {
      for (const follower of followers) follower.onEnd();
      followers.clear();
    },
    follow(follower) {
      followers.add(follower);
      return () => followers.delete(follower);
    },
  };
}
