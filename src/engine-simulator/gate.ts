/** A gate that holds up whoever wants through while it is shut: how a paused container does nothing. */
export interface Gate {
  /** Resolves at once while it is open, else when it opens. */
  passed(): Promise<void>;
  shut(): void;
  open(): void;
}

export function createGate(): Gate {
  let waiting: PromiseWithResolvers<void> | null = null;
  return {
    passed: () => waiting?.promise ?? Promise.resolve(),
    shut() {
      waiting ??= Promise.withResolvers<void>();
    },
    open() {
      waiting?.resolve();
      waiting = null;
    },
  };
}
