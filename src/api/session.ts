/**
 * Sessions of the dashboard: a one-time link signs a browser in; a cookie and a key together keep it so.
 * A cookie goes to every port of its host, so that whatever else is published there receives it (RFC 6265, 8.5); what a page
 * stores stays with its origin, but scripts can read it. Neither is of use without the other.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export interface Session {
  /** For the cookie, which no script can read. */
  readonly id: string;
  /** For the page, which sends it with each call. */
  readonly key: string;
}

export interface Sessions {
  /** A code that works once, for a while. */
  offer(): string;
  /** @returns null if the code is unknown, used or too old */
  redeem(code: string): Session | null;
  /** For somebody who has shown the token. */
  open(): Session;
  isValid({ id, key }: Session): boolean;
  /** Whether there is such a session: enough to be shown what holds no secret, and for nothing else. */
  isKnown(id: string): boolean;
  /** Forgets a session: whoever still has its cookie is signed out. */
  close(id: string): void;
}

/** Milliseconds. */
const codeLife = 15 * 60_000;
const sessionLife = 12 * 3_600_000;
/** Most that are kept; the oldest is forgotten first. */
const most = 100;

export function createSessions(now: () => number): Sessions {
  const codes = new Map<string, number>();
  const sessions = new Map<string, number>();
  const secret = randomBytes(32);
  const keyOf = (id: string): Buffer => createHmac('sha256', secret).update(id).digest();
  const make = (kept: Map<string, number>): string => {
    const id = randomBytes(24).toString('base64url');
    kept.set(hash(id), now());
    if (kept.size > most) kept.delete(kept.keys().next().value!);
    return id;
  };
  const isFresh = (kept: Map<string, number>, id: string, life: number): boolean => {
    const since = kept.get(hash(id));
    return since !== undefined && now() - since < life;
  };
  const open = (): Session => {
    const id = make(sessions);
    return { id, key: keyOf(id).toString('base64url') };
  };
  const isKnown = (id: string): boolean => isFresh(sessions, id, sessionLife);
  return {
    offer: () => make(codes),
    redeem(code) {
      if (!isFresh(codes, code, codeLife)) return null;
      codes.delete(hash(code));
      return open();
    },
    open,
    isValid({ id, key }) {
      const [expected, presented] = [keyOf(id), Buffer.from(key, 'base64url')];
      return isKnown(id) && presented.length === expected.length && timingSafeEqual(presented, expected);
    },
    isKnown,
    close: (id) => void sessions.delete(hash(id)),
  };
}

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');
