/** The process of a simulated container: web servers on its addresses, signals, and an end of its own. */
import { type Backend, startBackend } from './backend.ts';
import { type Container, envOf } from './container.ts';
import { createGate } from './gate.ts';
import { endsServers, sigkill, sigterm } from './signals.ts';
import type { Identity } from './web-pages.ts';

/**
 * How it behaves can be said in the container's environment:
 * `SIMULATED_ON_TERM=ignore`, or the exit code for SIGTERM (0 if not set, as of a web server that ends in good order);
 * `SIMULATED_TERM_DELAY=ms`, how long that takes; `SIMULATED_EXIT=code@ms`, ends by itself after that time;
 * `SIMULATED_LISTEN_AFTER=ms`, accepts connections only then.
 */
export interface Process {
  readonly pid: number;
  /** It has been told to end, and will. */
  readonly isEnding: () => boolean;
  /** Starts servers on an address that was added. */
  listen(address: string): Promise<void>;
  /** Ends the servers of an address that was taken away. */
  leave(address: string): Promise<void>;
  pause(): void;
  unpause(): void;
  signal(number: number): void;
  /** Ends with the code; what was open is closed. */
  end(code: number): void;
  /** Resolves with the exit code when it has ended and nothing accepts any more. */
  readonly ended: Promise<number>;
}

export function startProcess(deps: {
  readonly container: Container;
  readonly pid: number;
  readonly ports: readonly number[];
  readonly identity: Identity;
}): Process {
  const { container, pid, ports, identity } = deps;
  const gate = createGate();
  const backends = new Set<Backend>();
  const timers = new Set<NodeJS.Timeout>();
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  const environment = readEnvironment(container);
  const { promise: listening, resolve: startListening } = Promise.withResolvers<void>();
  let over = false;
  const later = (milliseconds: number, work: () => void): void => {
    timers.add(setTimeout(work, milliseconds));
  };

  function end(code: number): void {
    if (over) return;
    over = true;
    for (const timer of timers) clearTimeout(timer);
    startListening();
    gate.open();
    void Promise.all([...backends].map((backend) => backend.stop())).then(() => resolve(code));
  }

  async function listen(address: string): Promise<void> {
    if (environment.listenAfter > 0) void listening.then(() => serve(address));
    else await serve(address);
  }

  async function serve(address: string): Promise<void> {
    if (over) return;
    const outcomes = await Promise.allSettled(
      ports.map((port) => startBackend(address, port, identity, gate)),
    );
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') await keep(outcome.value);
      else {
        container.output.write((outcome.reason as Error).message, 'stderr');
        end(1);
      }
    }
  }

  async function keep(backend: Backend): Promise<void> {
    if (over) await backend.stop();
    else backends.add(backend);
  }

  if (environment.listenAfter > 0) later(environment.listenAfter, startListening);
  if (environment.exit !== null) later(environment.exit.after, () => end(environment.exit!.code));

  return {
    pid,
    isEnding: () => over,
    ended,
    end,
    listen,
    async leave(address) {
      for (const backend of backends) {
        if (backend.address !== address) continue;
        backends.delete(backend);
        await backend.stop();
      }
    },
    pause: gate.shut,
    unpause: gate.open,
    signal(number) {
      if (number === sigkill) end(128 + sigkill);
      // A frozen process takes it when it goes on.
      else if (endsServers(number)) void gate.passed().then(() => obey(number));
    },
  };

  function obey(signal: number): void {
    if (environment.onTerm === 'ignore') return;
    const code = signal === sigterm ? environment.onTerm : 128 + signal;
    if (environment.termDelay > 0) later(environment.termDelay, () => end(code));
    else end(code);
  }
}

function readEnvironment({ config }: Container): {
  readonly onTerm: number | 'ignore';
  readonly termDelay: number;
  readonly exit: { readonly code: number; readonly after: number } | null;
  readonly listenAfter: number;
} {
  const number = (text: string | null | undefined): number => Number(text) || 0;
  const onTerm = envOf(config, 'SIMULATED_ON_TERM');
  const exit = envOf(config, 'SIMULATED_EXIT')?.split('@') ?? null;
  return {
    onTerm: onTerm === 'ignore' ? 'ignore' : number(onTerm),
    termDelay: number(envOf(config, 'SIMULATED_TERM_DELAY')),
    exit: exit === null ? null : { code: number(exit[0]), after: number(exit[1]) },
    listenAfter: number(envOf(config, 'SIMULATED_LISTEN_AFTER')),
  };
}
