/** The `portolan` command as a test runs it: the real program as a process of its own, against a Portolan of the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Portolan } from './portolan.ts';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

export interface Following {
  readonly process: ChildProcess;
  /** What it has printed so far. */
  out(): string;
  /** Interrupts it, as Ctrl-C does. */
  end(): Promise<void>;
}

export const command = new URL('../../bin/portolan.cjs', import.meta.url).pathname;

/** Which service it talks to; and another `portolan.cjs` than the one of this checkout, if one is meant. */
export type Where = Pick<Portolan, 'apiPort' | 'dataDir'> & { readonly program?: string };

const environment = (portolan: Where): NodeJS.ProcessEnv => ({
  ...process.env,
  PORTOLAN_API: `http://127.0.0.1:${portolan.apiPort}`,
  PORTOLAN_DATA_DIR: portolan.dataDir,
});

/** Runs it to its end, within 30 s. */
export function runCli(portolan: Where, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const { promise, resolve, reject } = Promise.withResolvers<Ran>();
  const options = { env: { ...environment(portolan), ...env }, timeout: 30_000 };
  const child = spawn(process.execPath, [portolan.program ?? command, ...args], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let error = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    error += chunk;
  });
  child.once('error', reject);
  child.once('close', (code) => resolve({ code, out, error }));
  return promise;
}

/** For commands that go on until they are interrupted. */
export function follow(portolan: Where, args: readonly string[]): Following {
  const child = spawn(process.execPath, [portolan.program ?? command, ...args], {
    env: environment(portolan),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  return {
    process: child,
    out: () => out,
    async end() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGINT');
        await ended;
      }
    },
  };
}
