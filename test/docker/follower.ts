/** A watcher in a process of its own, which can be made to stand still. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from './support.ts';
import { eventually } from './support.ts';

/** As follow.ts prints it: bigints are text. */
interface PrintedSignal {
  readonly type: string;
  readonly container: string;
  readonly timeNano: string;
}
interface Printed {
  readonly kind: Delivery['kind'];
  readonly signal?: PrintedSignal;
  readonly gap?: { readonly from: string | null; readonly to: string; readonly reason: string };
}

export interface Follower {
  caughtUp(times: number): Promise<unknown>;
  kinds(): string[];
  gaps(): NonNullable<Printed['gap']>[];
  signals(container: string, type?: string): PrintedSignal[];
  /** Stops the process while `meanwhile` runs, and for longer than the jump that counts as a standstill. */
  standStill(meanwhile: () => Promise<void>): Promise<void>;
  end(): void;
}

export function startFollower(host: string): Follower {
  const file = join(import.meta.dirname, 'follow.ts');
  const child = spawn(process.execPath, [file, host], { stdio: ['pipe', 'pipe', 'inherit'] });
  const printed: Printed[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => printed.push(JSON.parse(line) as Printed));
  const kinds = () => printed.map(({ kind }) => kind);
  return {
    caughtUp: (times) =>
      eventually(
        `it is caught up ${times} times`,
        () => kinds().filter((kind) => kind === 'caughtUp').length >= times,
      ),
    kinds,
    gaps: () => printed.flatMap(({ gap }) => (gap === undefined ? [] : [gap])),
    signals: (container, type) =>
      printed.flatMap(({ signal }) =>
        signal?.container === container && (type === undefined || signal.type === type) ? [signal] : [],
      ),
    async standStill(meanwhile) {
      child.kill('SIGSTOP');
      try {
        await meanwhile();
        await sleep(2_500);
      } finally {
        child.kill('SIGCONT');
      }
    },
    end: () => void child.kill('SIGKILL'),
  };
}
