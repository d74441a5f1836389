/** Addresses of containers: loopback ones of a range of their own, the lowest free first, as the engine reuses its own. */
export interface Addresses {
  take(): string;
  release(address: string): void;
}

/** @param block third and second part: containers get `127.BLOCK.x`, so that two simulators do not meet */
export function createAddresses(block: string): Addresses {
  const taken = new Set<string>();
  return {
    take() {
      for (let last = 2; last < 255 * 255; last++) {
        const address = `127.${block}.${Math.floor(last / 255)}.${(last % 255) + 1}`;
        if (taken.has(address)) continue;
        taken.add(address);
        return address;
      }
      throw new RangeError('no address is free');
    },
    release: (address) => void taken.delete(address),
  };
}
