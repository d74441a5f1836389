/** The engine's events: its memory of the last 256, and subscribers who may be too slow for it. */
import type { Clock } from './clock.ts';

export interface EngineEvent {
  readonly kind: 'container' | 'network' | 'image';
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
  remembered(since: bigint, until: bigint | null): EngineEvent[];
  subscribe(subscriber: Subscriber): () => void;
  /** A restart forgets. */
  forget(): void;
}

/** moby: daemon/events, `eventsLimit`. */
const memory = 256;

export function createJournal(clock: Clock): Journal {
  let events: EngineEvent[] = [];
  const subscribers = new Set<Subscriber>();
  return {
    emit(kind, action, actor, attributes) {
      const event = { kind, action, actor, attributes, timeNano: clock.now() };
      events = [...events.slice(-(memory - 1)), event];
      // One that cannot take it is skipped without a mark, as moby does after 100 ms.
      for (const subscriber of subscribers) subscriber.take(event);
    },
    remembered(since, until) {
      const found: EngineEvent[] = [];
      for (const event of events.toReversed()) {
        if (event.timeNano < since) break;
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
  };
}

/** One line as the engine writes it; `timeNano` by hand, as it does not fit a number. */
export function lineOf({ kind, action, actor, attributes, timeNano }: EngineEvent): string {
  const image = attributes['image'] ?? '';
  const legacy = kind === 'container' ? { status: action, id: actor, from: image } : {};
  const body = JSON.stringify({
    ...legacy,
    Type: kind,
    Action: action,
    Actor: { ID: actor, Attributes: attributes },
    scope: 'local',
    time: Number(timeNano / 1_000_000_000n),
  });
  return `${body.slice(0, -1)},"timeNano":${timeNano}}\n`;
}
