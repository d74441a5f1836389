/**
 * Bodies that clients send come from Node's parser as a fresh buffer each, outside of V8's heap, where 64 MB of them may pile
 * up before V8 looks. Collecting the young generation after every few megabytes keeps memory flat (bench/README.md).
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'minor' }) => void;

/** Bytes between two collections. */
const stretch = 8 * 1024 * 1024;

export interface Garbage {
  /** Another buffer of this size has been handed on. */
  made(bytes: number): void;
}

export function createGarbage(): Garbage {
  // A helper thread would free them beside us, and both wait for the allocator: 15 % of a 64 KiB POST.
  setFlagsFromString('--no-concurrent-array-buffer-sweeping');
  let collect: Collect | null = null;
  let made = 0;
  return {
    made(bytes) {
      made += bytes;
      if (made < stretch) return;
      made = 0;
      collect ??= findCollector();
      collect({ type: 'minor' });
    },
  };
}

/** V8 shows it to contexts that are made while the flag is set. */
function findCollector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
