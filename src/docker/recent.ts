/** A set that remembers the newest entries only. */
export interface Recent {
  /** True if it was not there yet. */
  add(entry: string): boolean;
  has(entry: string): boolean;
}

export function createRecent(size: number): Recent {
  const entries = new Set<string>();
  return {
    add(entry) {
      if (entries.has(entry)) return false;
      entries.add(entry);
      // Sets iterate in the order of insertion: the first is the oldest.
      if (entries.size > size) for (const oldest of entries) return entries.delete(oldest);
      return true;
    },
    has: (entry) => entries.has(entry),
  };
}
