/** Addresses of one network: loopback ones that stand for a container's, the lowest free first, as the engine reuses its own. */
export interface Addresses {
  /** In CIDR notation. */
  subnet(): string;
  gateway(): string;
  readonly prefixLength: number;
  /** @throws {RangeError} if none is free */
  take(): string;
  release(address: string): void;
}

export interface AddressPool {
  /** The lowest free subnet. @throws {RangeError} if none is free */
  take(): Addresses;
  release(addresses: Addresses): void;
}

/** Third parts of an address that a subnet (/21) covers. */
const step = 8;
const subnets = 31;

/**
 * @param block gives the second part of all addresses, 127.BLOCK.x.y: two simulators must not meet
 * @param shared gives the one address of all containers where loopback has only one, else null
 */
export function createAddressPool(block: () => number, shared: () => string | null): AddressPool {
  const taken = new Map<Addresses, number>();
  return {
    take() {
      const used = new Set(taken.values());
      const index = Array.from({ length: subnets }, (_, at) => at).find((at) => !used.has(at));
      if (index === undefined) {
        throw new RangeError(
          'could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network',
        );
      }
      const addresses = createAddresses(
        (third, last) => `127.${block()}.${index * step + third}.${last}`,
        shared,
      );
      taken.set(addresses, index);
      return addresses;
    },
    release: (addresses) => void taken.delete(addresses),
  };
}

/** @param at the address with this third part, counted within the subnet, and this last one */
function createAddresses(
  at: (third: number, last: number) => string,
  shared: () => string | null,
): Addresses {
  const taken = new Set<string>();
  return {
    subnet: () => `${at(0, 0)}/21`,
    gateway: () => at(0, 1),
    prefixLength: 21,
    take() {
      const only = shared();
      if (only !== null) return only;
      for (let number = 2; number < step * 256 - 1; number++) {
        const address = at(Math.floor(number / 256), number % 256);
        if (taken.has(address)) continue;
        taken.add(address);
        return address;
      }
      throw new RangeError('no available IPv4 addresses on this network');
    },
    release: (address) => void taken.delete(address),
  };
}
