/** Folds the whole log into a fresh file, by the very code that runs live; stops at the first event that cannot be read. */
import { RebuildStopped } from './bulk.ts';
import { createFreshFile, type FreshFileOptions } from './fresh-file.ts';
import type { Projection } from './projection.ts';
import { allProjections } from './registry.ts';

export interface RebuildOptions extends Omit<FreshFileOptions, 'projections'> {
  /** Asked after each batch; true ends it. */
  readonly cancelled?: () => boolean;
  readonly onProgress?: (position: number) => void;
  readonly projections?: readonly Projection[];
}

/**
 * Runs on the calling thread until it has reached the log's head.
 * @returns the position that it reached
 * @throws {RebuildStopped}
 */
export function rebuild({ cancelled, onProgress, ...options }: RebuildOptions): number {
  const fresh = createFreshFile({ projections: allProjections, ...options });
  try {
    for (let more = true; more; ) {
      more = fresh.step();
      onProgress?.(fresh.position());
      if (more && cancelled?.() === true)
        throw new RebuildStopped(`cancelled at position ${fresh.position()}`, 'cancelled', '');
    }
    fresh.finish();
    return fresh.position();
  } finally {
    fresh.close();
  }
}
