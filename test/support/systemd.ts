/** A machine of its own whose process 1 is a real systemd, for the unit; see `setup/systemd-machine.sh`. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const script = new URL('setup/systemd-machine.sh', import.meta.url).pathname;
const namespaces = ['--mount', '--pid', '--uts', '--ipc', '--net', '--cgroup'];
const bootMs = 30_000;
const offMs = 15_000;

export interface SystemdMachine {
  /** Runs a shell's line in it; resolves with its trimmed standard output, rejects where it fails. */
  run(line: string, options?: { input?: Readable; timeoutMs?: number }): Promise<string>;
  /** Resolves as soon as the line prints this, asked every 100 ms; rejects with what it printed last after `timeoutMs`. */
  prints(line: string, wanted: RegExp, timeoutMs?: number): Promise<void>;
  /** Switches it off. */
  stop(): Promise<void>;
}

/** Why no such machine can be made here; null where it can be tried. */
export function noSystemd(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs Linux and root';
  const missing = ['/lib/systemd/systemd', '/lib/systemd/system/docker.service', '/usr/bin/nsenter'].filter(
    (path) => !existsSync(path),
  );
  return missing.length === 0 ? null : `there is no ${missing.join(', ')}`;
}

/**
 * @param installed the folder that is `/opt/portolan` there
 * @returns null where this machine's container does not allow the namespaces and mounts it takes
 */
export async function startSystemdMachine(installed: string): Promise<SystemdMachine | null> {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-systemd-'));
  const ends = ['--propagation', 'private', '--fork', '--kill-child'];
  const child = spawn('unshare', [...namespaces, ...ends, script, folder, installed], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const ended = once(child, 'exit');
  const machine = createMachine(child, async () => {
    // Takes its control groups along, which a kill would leave.
    await machine.run('systemctl poweroff', { timeoutMs: 5_000 }).catch(() => {});
    await Promise.race([ended, sleep(offMs, undefined, { ref: false })]);
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const booted = machine
    .prints('systemctl is-system-running || true', /^(running|degraded)$/, bootMs)
    .then(() => 'booted');
  const outcome = await Promise.race([booted, ended.then(([code]) => code as number)]).catch(
    (error: Error) => error,
  );
  booted.catch(() => {});
  if (outcome === 'booted') return machine;
  await machine.stop();
  // As the script says, or as unshare does.
  if (outcome === 75 || /Operation not permitted|unshare failed/.test(said)) return null;
  throw new Error(`systemd did not come up: ${outcome}: ${said}`);
}

function createMachine(child: ChildProcess, stop: () => Promise<void>): SystemdMachine {
  const machine: SystemdMachine = {
    run: async (line, { input, timeoutMs = 30_000 } = {}) => {
      const entered = [...namespaces, '--root', '--target', systemdOf(child)];
      const clean = [
        'env',
        '-i',
        '--chdir=/',
        'HOME=/root',
        'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ];
      // In there, as a signal to nsenter does not reach what it runs.
      const bounded = ['timeout', '--kill-after=1', String(timeoutMs / 1000), 'sh', '-c', line];
      return new Promise((resolve, reject) => {
        const ran = execFile('nsenter', [...entered, ...clean, ...bounded], (error, stdout) =>
          error === null ? resolve(stdout.trim()) : reject(error),
        );
        (input ?? Readable.from([])).pipe(ran.stdin!.on('error', () => {}));
      });
    },
    prints: async (line, wanted, timeoutMs = 20_000) => {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const printed = await machine.run(line).catch((error: Error) => error);
        if (typeof printed === 'string' && wanted.test(printed)) return;
        if (Date.now() > deadline) throw new Error(`\`${line}\`, instead of ${wanted}: ${printed}`);
        await sleep(100);
      }
    },
    stop,
  };
  return machine;
}

/** The process that is number 1 in there. */
function systemdOf({ pid }: ChildProcess): string {
  const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  if (!first) throw new Error('systemd is not there');
  return first;
}
