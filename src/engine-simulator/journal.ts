/** The engine's events: its memory of the last 256, and the subscribers who hear of each. */
import type { Clock } from './clock.ts';
import type { Faults } from './faults.ts';

export interface EngineEvent {
  readonly kind: 'container' | 'network' | 'image' | 'daemon';
  readonly action: string;
  readonly actor: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly timeNano: bigint;
}

export interface Subscriber {
  /** @returns false if it cannot take more now */
  take(event: EngineEvent): boolean;
}

export interface Journal {
  emit(
    kind: EngineEvent['kind'],
    action: string,
    actor: string,
    attributes: Readonly<Record<string, string>>,
  ): void;
  /** Events since and until, both inclusive: looking back from the newest, up to the first that is older. */
  remembered(since: bigint | null, until: bigint | null): EngineEvent[];
  subscribe(subscriber: Subscriber): () => void;
  /** A restart forgets. */
  forget(): void;
  /** While the daemon is away nothing is said to anybody, nor remembered. */
  silence(on: boolean): void;
}

/** moby 20.10: daemon/events, `eventsLimit`. */
const memory = 256;

export function createJournal(deps: {
  readonly clock: Clock;
  readonly faults: Faults;
  /** Milliseconds to wait for a subscriber that cannot take an event, before it is skipped. */
  readonly patience: number;
}): Journal {
  const { clock, faults, patience } = deps;
  let events: EngineEvent[] = [];
  let silent = false;
  const subscribers = new Set<Subscriber>();
  const waiting: EngineEvent[] = [];
  let publishing = false;

  /** One event after the other: as long as one subscriber is waited for, all wait for the next. */
  async function publish(): Promise<void> {
    publishing = true;
    while (waiting.length > 0) {
      const event = waiting.shift()!;
      if (faults.dropNext > 0) {
        faults.dropNext -= 1;
        continue;
      }
      const slow = [...subscribers].filter((subscriber) => !subscriber.take(event));
      if (slow.length > 0) await retry(slow, event);
    }
    publishing = false;
  }

  async function retry(slow: readonly Subscriber[], event: EngineEvent): Promise<void> {
    const deadline = performance.now() + patience;
    let left = slow;
    while (left.length > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(5, patience)));
      left = left.filter((subscriber) => subscribers.has(subscriber) && !subscriber.take(event));
    }
    // Who is left is skipped without a mark, as the real engine does.
  }

  return {
    emit(kind, action, actor, attributes) {
      if (silent) return;
      const event = { kind, action, actor, attributes, timeNano: clock.now() };
      events.push(event);
      if (events.length > memory) events.shift();
      waiting.push(event);
      if (!publishing) void publish();
    },
    remembered(since, until) {
      if (since === null && until === null) return [];
      const found: EngineEvent[] = [];
      for (const event of events.toReversed()) {
        if (since !== null && event.timeNano < since) break;
        if (until === null || event.timeNano <= until) found.unshift(event);
      }
      return found;
    },
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    forget() {
      events = [];
    },
    silence(on) {
      silent = on;
    },
  };
}
