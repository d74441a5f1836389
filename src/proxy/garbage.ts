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
  const freeHere = createFreeing();
  let collect: Collect | null = null;
  let made = 0;
  return {
    made(bytes) {
      made += bytes;
      if (made < stretch) return;
      made = 0;
      freeHere();
      collect ??= findCollector();
      collect({ type: 'minor' });
    },
  };
}

/** Milliseconds without bodies after which a helper thread frees buffers again. */
const calm = 1_000;

/**
 * While bodies pass, their buffers are freed on the thread that read them: a helper would do so beside it, and both wait for the
 * allocator, which is 15 % of a 64 KiB POST. At all other times the helper spares a WebSocket's message a fifth. The flag is
 * the process's: of two workers the one with bodies decides.
 */
function createFreeing(): () => void {
  let timer: NodeJS.Timeout | null = null;
  const leaveToHelper = (): void => {
    timer = null;
    setFlagsFromString('--concurrent-array-buffer-sweeping');
  };
  return () => {
    if (timer === null) setFlagsFromString('--no-concurrent-array-buffer-sweeping');
    timer = timer?.refresh() ?? setTimeout(leaveToHelper, calm).unref();
  };
}

/** V8 shows it to contexts that are made while the flag is set. */
function findCollector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
