/** The end of a proxy that listens no more: what runs is finished, kept connections are used a last time, and then it is over. */
import type { ProxyServer } from './server.ts';

export interface EndingOptions {
  /** Milliseconds after which it ends whatever runs. */
  readonly grace: number;
  /** Milliseconds for which idle connections may still be used. */
  readonly idle: number;
}

/** Milliseconds. */
const lookInterval = 20;

/** Calls `onEnd` once, when nothing is open, or the grace is over. */
export function endWhenDrained(
  proxy: Pick<ProxyServer, 'startClosing' | 'endIdle' | 'open' | 'connections'>,
  { grace, idle }: EndingOptions,
  onEnd: () => void,
): void {
  const idleUntil = Date.now() + idle;
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    clearInterval(watch);
    clearTimeout(timer);
    onEnd();
  };
  const look = (): void => {
    const idleOver = Date.now() >= idleUntil;
    if (idleOver) proxy.endIdle();
    if (proxy.open() === 0 && (idleOver || proxy.connections() === 0)) end();
  };
  proxy.startClosing();
  // Of a thread that was held up, timers run before what has arrived is read: a connection only seems idle then.
  const watch = setInterval(() => setImmediate(look), lookInterval);
  const timer = setTimeout(end, grace);
}
