/** What V8 is told before threads start, so that each keeps little: of the memory of an idle service most is heaps. */
import { setFlagsFromString } from 'node:v8';

export function keepHeapsSmall(): void {
  // The command line bounds the main thread's young generation (`bin/portolan.cjs`), as nothing else can, and V8 would let
  // that override what each thread is given at its start: 8 MB each, of which a thread that waits needs little.
  setFlagsFromString('--max-semi-space-size=0');
  // A request's objects would be made as old ones where V8 has seen some of them live long, and stay there as garbage: 20 MB a worker.
  setFlagsFromString('--no-allocation-site-pretenuring');
}
