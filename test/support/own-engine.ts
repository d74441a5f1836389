/** A Docker engine that a test may kill: a dockerd of its own, beside the shared one, with its own folder and bridge. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { images } from './docker.ts';
import { within } from './portolan.ts';

const run = promisify(execFile);

/** Not docker0, and not the shared engine's: an engine cuts off the containers of another that has the same bridge. */
interface Place {
  readonly bridge: string;
  readonly address: string;
  /** Of the networks that are made on it. */
  readonly pool: string;
}
/** Two test files may have one at the same time. */
const places = {
  killed: { bridge: 'portolan-test1', address: '172.31.254.1/24', pool: '172.29.0.0/16' },
  swarm: { bridge: 'portolan-test2', address: '172.31.253.1/24', pool: '172.28.0.0/16' },
} as const satisfies Readonly<Record<string, Place>>;
const overlayfs = 0x794c7630;

export interface OwnEngine {
  /** For `DOCKER_HOST`. */
  readonly host: string;
  cli(...args: string[]): Promise<string>;
  start(): Promise<void>;
  /** `kill -9` of dockerd: the containers go on. */
  kill(): Promise<void>;
  /** Removes its containers, ends it, and removes what it left. */
  remove(): Promise<void>;
}

export const canStartEngine = process.platform === 'linux' && process.getuid?.() === 0;

export interface OwnEngineOptions {
  readonly liveRestore: boolean;
  readonly place: keyof typeof places;
}

/** @param shared the engine whose test image it gets */
export async function createOwnEngine(shared: string, options: OwnEngineOptions): Promise<OwnEngine> {
  const place = places[options.place];
  const home = mkdtempSync(join(tmpdir(), 'portolan-own-engine-'));
  const host = `unix://${join(home, 'docker.sock')}`;
  let daemon: ChildProcess | null = null;
  const cli = async (...args: string[]): Promise<string> =>
    (await run('docker', ['-H', host, ...args], { timeout: 30_000 })).stdout.trim();

  async function start(): Promise<void> {
    // containerd is killed with its dockerd. Where nobody reaps it, its number seems to be in use, and is waited for.
    for (const pid of ['docker.pid', 'exec/containerd/containerd.pid'])
      rmSync(join(home, pid), { force: true });
    const out = openSync(join(home, 'dockerd.log'), 'a');
    daemon = spawn('dockerd', daemonArgs(home, host, place, options.liveRestore), {
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    await within(30_000, `the engine in ${home}`, () =>
      cli('version').then(
        () => true,
        () => false,
      ),
    );
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (daemon === null || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const exit = new Promise((resolve) => daemon!.once('exit', resolve));
    daemon.kill(signal);
    await exit;
  }

  await makeBridge(place);
  await start();
  await run('sh', ['-c', `docker -H ${shared} save ${images.web} | docker -H ${host} load`], {
    timeout: 60_000,
  });
  return {
    host,
    cli,
    start,
    kill: () => end('SIGKILL'),
    async remove() {
      if (daemon?.exitCode !== null || daemon.signalCode !== null) await start();
      const all = (await cli('ps', '-aq')).split('\n').filter(Boolean);
      if (all.length > 0) await cli('rm', '-f', ...all);
      await end('SIGTERM');
      await unmount(join(home, 'data'));
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
      await run('ip', ['link', 'delete', place.bridge]);
    },
  };
}

function daemonArgs(home: string, host: string, place: Place, liveRestore: boolean): string[] {
  const folders = ['--data-root', join(home, 'data'), '--exec-root', join(home, 'exec')];
  const network = [
    '--bridge',
    place.bridge,
    '--iptables=false',
    '--default-address-pool',
    `base=${place.pool},size=24`,
  ];
  // overlay does not stand on overlay, as inside of a container.
  const storage = statfsSync(home).type === overlayfs ? ['--storage-driver', 'vfs'] : [];
  const restore = liveRestore ? ['--live-restore'] : [];
  return [...folders, '--pidfile', join(home, 'docker.pid'), '-H', host, ...network, ...storage, ...restore];
}

async function makeBridge({ bridge, address }: Place): Promise<void> {
  await run('ip', ['link', 'delete', bridge]).catch(() => undefined);
  await run('ip', ['link', 'add', bridge, 'address', '02:42:70:6f:72:75', 'type', 'bridge']);
  await run('ip', ['addr', 'add', address, 'dev', bridge]);
  await run('ip', ['link', 'set', bridge, 'up']);
}

/** Each dockerd mounts its folder on itself, and one that was killed leaves that. */
async function unmount(folder: string): Promise<void> {
  const isMounted = (): boolean => readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${folder} `);
  for (let times = 0; isMounted() && times < 10; times++) await run('umount', ['-l', folder]);
}
