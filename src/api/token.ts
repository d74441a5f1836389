/** The API's token: made at the first start, kept in a file that only its owner can read, compared in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto';

export interface Token {
  matches(presented: string): boolean;
}

/** Only the token's hash is kept; hashes have one length, so that comparing takes one time. */
export function createToken(secret: string): Token {
  const expected = hash(secret);
  return { matches: (presented) => timingSafeEqual(hash(presented), expected) };
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
