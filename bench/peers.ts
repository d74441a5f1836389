/**
 * What does a request cost, held against nginx, HAProxy and Caddy? `npm run bench -- peers --only small,post` for a part.
 * Each proxy alone on one core, load and backend on the other; PROFILE=FOLDER writes a CPU profile of Portolan.
 */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { echo, startEcho } from './support/echo.ts';
import { benchFolder } from './support/folder.ts';
import {
  type Backends,
  isInstalled,
  loadCore,
  type Peer,
  startBackend,
  startCaddy,
  startHaproxy,
  startNginx,
  startPortolan,
} from './support/peers.ts';
import { median } from './support/report.ts';
import { type Load, wrk } from './support/wrk.ts';

type Sample = Readonly<Record<string, number>>;

interface Measure {
  readonly name: string;
  readonly title: string;
  readonly run: (peer: Peer) => Promise<Sample>;
  readonly peers?: readonly string[];
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, peers: { type: 'string' }, rounds: { type: 'string', default: '3' } },
});
const seconds = 2;
const folder = benchFolder();
// What is started without a core of its own stays here.
execFileSync('taskset', ['-a', '-c', '-p', loadCore, String(process.pid)]);
const backend = await startBackend(folder);
const echoBackend = await startEcho();
const backends: Backends = { http: backend.port, echo: echoBackend.port, folder };
/** The most that each managed of small requests, for the measure at half of it. */
const most = new Map<string, number>();

const measures: readonly Measure[] = [
  { name: 'small', title: 'small GET (130 B)', run: (peer) => requests(peer, {}) },
  { name: 'half', title: 'small GET at half of its load', run: atHalf },
  { name: 'large', title: '1 MiB bodies', run: (peer) => requests(peer, { path: '/large' }) },
  { name: 'post', title: '64 KiB POST', run: (peer) => requests(peer, { post: 64 * 1024 }) },
  { name: 'echo', title: 'WebSocket echo (100 B)', run: messages },
  { name: 'close', title: 'new connection per request', run: (peer) => requests(peer, { close: true }) },
  {
    name: 'workers',
    title: 'small GET, two workers on both cores, load on one of them',
    run: (peer) => requests(peer, {}),
    peers: ['portolan 1/2', 'portolan 2/2'],
  },
];

const starts: Readonly<Record<string, () => Promise<Peer>>> = {
  portolan: () => startPortolan(backends),
  nginx: () => startNginx(backends),
  'nginx-unbuffered': () => startNginx(backends, false),
  haproxy: () => startHaproxy(backends),
  caddy: () => startCaddy(backends),
  'portolan 1/2': () => startPortolan(backends, 1, '0,1'),
  'portolan 2/2': () => startPortolan(backends, 2, '0,1'),
};

async function requests(peer: Peer, load: Partial<Load>): Promise<Sample> {
  const before = peer.cpu();
  const counted = await wrk({ port: peer.port, seconds, folder, ...load });
  const cpu = peer.cpu() - before;
  if (counted.errors > 0) console.error(`  ${peer.name}: ${counted.errors} errors`);
  const perSecond = counted.requests / counted.seconds;
  if (load.rate === undefined && Object.keys(load).length === 0)
    most.set(peer.name, Math.max(perSecond, most.get(peer.name) ?? 0));
  return {
    'CPU us/request': (cpu / counted.requests) * 1e6,
    'requests/s': perSecond,
    'MB/CPU s': counted.bytes / 1e6 / cpu,
    'p99 ms': counted.p99,
    'RSS MB': peer.memory() / 1e6,
  };
}

async function atHalf(peer: Peer): Promise<Sample> {
  if (!most.has(peer.name)) await requests(peer, {});
  return requests(peer, { rate: most.get(peer.name)! / 2 });
}

async function messages(peer: Peer): Promise<Sample> {
  const before = peer.cpu();
  const echoed = await echo(peer.port, seconds * 1_000);
  const cpu = peer.cpu() - before;
  return { 'messages/CPU s': echoed / cpu, 'messages/s': echoed / seconds };
}

/**
 * The peers in turn, round by round, so that a bad moment of the machine meets them all. A round that is not counted
 * comes first: what is measured is a proxy that has been running, and one of them compiles as it goes.
 */
async function compare(measure: Measure, peers: readonly Peer[]): Promise<void> {
  for (const peer of peers) await measure.run(peer);
  const samples = new Map<Peer, Sample[]>(peers.map((peer) => [peer, []]));
  for (let round = 0; round < Number(values.rounds); round++)
    for (const peer of peers) samples.get(peer)!.push(await measure.run(peer));
  console.log(`${measure.title}`);
  const [first] = peers;
  const of = (peer: Peer, figure: string): number => median(samples.get(peer)!.map((one) => one[figure]!));
  for (const figure of Object.keys(samples.get(first!)![0]!)) {
    const row = peers.map((peer) => {
      const ratio = of(first!, figure) / of(peer, figure);
      return `${peer.name} ${text(of(peer, figure))}${peer === first ? '' : ` (${ratio.toFixed(2)} x)`}`;
    });
    console.log(`  ${figure.padEnd(16)} ${row.join('  ')}`);
  }
}

const text = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

const chosen = measures.filter(({ name }) => values.only?.split(',').includes(name) ?? true);
const wanted = values.peers?.split(',') ?? ['portolan', 'nginx', 'nginx-unbuffered', 'haproxy', 'caddy'];
const missing = ['wrk', 'nginx', 'haproxy', 'caddy'].filter((one) => !isInstalled(one));
if (missing.length > 0) {
  console.error(`not installed: ${missing.join(', ')}; apt-get install wrk nginx-light haproxy caddy`);
} else {
  console.log(`${cpus()[0]!.model}, ${cpus().length} cores; (n x): Portolan's figure is n times that one's`);
  for (const measure of chosen) {
    const peers: Peer[] = [];
    try {
      for (const name of measure.peers ?? wanted) peers.push(await starts[name]!());
      await compare(measure, peers);
    } finally {
      for (const peer of peers) await peer.stop();
    }
  }
}
await backend.stop();
echoBackend.close();
process.exit(missing.length > 0 ? 1 : 0);
