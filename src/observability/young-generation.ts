/**
 * The command line bounds the main thread's young generation (`bin/portolan.cjs`), as nothing else can, and V8 would let
 * that override what each thread is given at its start: 8 MB each, of which a thread that waits needs little.
 */
import { setFlagsFromString } from 'node:v8';

/** From here on threads get the young generation that they are started with. */
export function freeThreadsOfMainsYoungGeneration(): void {
  setFlagsFromString('--max-semi-space-size=0');
}
