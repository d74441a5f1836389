/** Adds up the layers of a pull: the engine reports each by itself. */

export interface PullLine {
  readonly id?: string;
  readonly status: string;
  readonly current?: number;
  readonly total?: number;
}

export function createPullTally() {
  const layers = new Map<string, { done: number; total: number }>();
  return {
    /** Bytes of all layers that are known so far; extracting counts as done. */
    take({ id, status, current, total }: PullLine): { done: number; total: number; text: string } {
      if (id !== undefined && status === 'Downloading' && total)
        layers.set(id, { done: current ?? 0, total });
      const layer = id === undefined ? undefined : layers.get(id);
      if (layer !== undefined && status !== 'Downloading') layer.done = layer.total;
      const sums = { done: 0, total: 0 };
      for (const one of layers.values()) {
        sums.done += one.done;
        sums.total += one.total;
      }
      return { ...sums, text: id === undefined ? status : `${status} ${id}` };
    },
  };
}
