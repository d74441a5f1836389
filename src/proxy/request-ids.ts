/** Names requests: the id that a trusted proxy gave, else one of our own. */
import { randomBytes } from 'node:crypto';

export interface RequestIds {
  /** @param given `X-Request-Id` of a trusted proxy; null for none */
  next(given: string | null): string;
}

export function createRequestIds(): RequestIds {
  // Random once for each worker, so that an id costs no more than a number.
  const prefix = randomBytes(9).toString('base64url');
  let count = 0;
  return {
    next(given) {
      if (given !== null && /^[\x21-\x7e]{1,128}$/.test(given)) return given;
      count += 1;
      return `${prefix}-${count.toString(36)}`;
    },
  };
}
