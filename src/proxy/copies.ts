/** Copies of bytes on their way to a client, in memory that is used again: large bodies leave nothing for the collector. */

export interface Copies {
  of(bytes: Buffer): Buffer;
  /** It has gone out. */
  done(copy: Buffer): void;
}

/** As much as one read gives. */
const size = 64 * 1024;
/** Smaller ones come from Node's own pool. */
const small = 4 * 1024;
/** Kept for the next ones: 4 MB. */
const mostFree = 64;

export function createCopies(): Copies {
  const free: ArrayBuffer[] = [];
  return {
    of(bytes) {
      if (bytes.length < small || bytes.length > size) return Buffer.from(bytes);
      const copy = Buffer.from(free.pop() ?? new ArrayBuffer(size), 0, bytes.length);
      bytes.copy(copy);
      return copy;
    },
    done({ buffer, byteLength }) {
      if (byteLength >= small && buffer.byteLength === size && free.length < mostFree)
        free.push(buffer as ArrayBuffer);
    },
  };
}
