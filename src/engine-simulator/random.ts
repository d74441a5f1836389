/** Randomness of the simulator: the system's, or a repeatable sequence from a seed. */
import { createHash, randomBytes } from 'node:crypto';

export interface Random {
  /** That many bytes as lower-case hex digits. */
  hex(bytes: number): string;
  /** A whole number from 0, below the limit. */
  below(limit: number): number;
}

export function createRandom(seed?: string): Random {
  let turn = 0;
  const bytes = (count: number): Buffer => {
    if (seed === undefined) return randomBytes(count);
    const blocks: Buffer[] = [];
    for (let size = 0; size < count; size += 32) {
      blocks.push(createHash('sha256').update(`${seed}/${turn++}`).digest());
    }
    return Buffer.concat(blocks).subarray(0, count);
  };
  return {
    hex: (count) => bytes(count).toString('hex'),
    below: (limit) => bytes(6).readUIntBE(0, 6) % limit,
  };
}
