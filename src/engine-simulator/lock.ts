/** One piece of work at a time for each container, in the order in which it was asked for, as the engine's own lock. */
export interface Lock {
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when what holds it now, and who waits for it, is through. */
  settled(): Promise<void>;
}

export function createLock(): Lock {
  let last: Promise<unknown> = Promise.resolve();
  return {
    exclusive(work) {
      const result = last.then(work);
      // Its failure is for whoever asked for it; the next one goes on.
      last = result.catch(() => undefined);
      return result;
    },
    settled: () => last.then(() => undefined),
  };
}
