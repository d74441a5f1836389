/** Sessions of the dashboard: a one-time link signs a browser in, a cookie that no script can read keeps it so. */
import { createHash, randomBytes } from 'node:crypto';

export interface Sessions {
  /** A code that works once, for a while. */
  offer(): string;
  /** @returns the new session's id, or null if the code is unknown, used or too old */
  redeem(code: string): string | null;
  /** @returns the id of a new session, for somebody who has shown the token */
  open(): string;
  isValid(id: string): boolean;
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
  return {
    offer: () => make(codes),
    redeem(code) {
      if (!isFresh(codes, code, codeLife)) return null;
      codes.delete(hash(code));
      return make(sessions);
    },
    open: () => make(sessions),
    isValid: (id) => isFresh(sessions, id, sessionLife),
    close: (id) => void sessions.delete(hash(id)),
  };
}

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');
