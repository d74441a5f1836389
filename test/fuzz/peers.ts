/** The same requests through nginx and HAProxy, where they are installed: what they forward, and what a reader reads of it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { entryOf, routeOf, startProxy, targetOf } from '../proxy/in-process.ts';
import { freePort } from '../support/free-port.ts';
import { createRandom, host, mutated, pieces, request } from './generate.ts';
import { disagreement, startRecorder, throwAt } from './requests.ts';

export type PeerName = 'nginx' | 'haproxy';

export interface Compared {
  readonly peer: PeerName;
  readonly requests: number;
  /** Cases in which both, or only one, had something reach a backend. */
  readonly both: number;
  readonly onlyPortolan: number;
  readonly onlyPeer: number;
  /** Cases in which the backend behind the peer got other messages than were sent. */
  readonly broken: number;
}

export const installedPeers = (): PeerName[] =>
  (['nginx', 'haproxy'] as const).filter((name) => spawnSync(name, ['-v']).error === undefined);

export async function holdAgainst(
  peers: readonly PeerName[],
  seed: number,
  milliseconds: number,
): Promise<Compared[]> {
  const compared: Compared[] = [];
  for (const peer of peers) compared.push(await compare(peer, seed, milliseconds / peers.length));
  return compared;
}

async function compare(peer: PeerName, seed: number, milliseconds: number): Promise<Compared> {
  const behindPeer = await startRecorder();
  const behindUs = await startRecorder();
  const ours = await startProxy([
    entryOf(host, [routeOf([targetOf({ port: behindUs.port, address: '127.0.0.1' })])]),
  ]);
  const theirs = await startPeer(peer, behindPeer.port);
  const tally = { peer, requests: 0, both: 0, onlyPortolan: 0, onlyPeer: 0, broken: 0 };
  const end = performance.now() + milliseconds;
  try {
    for (; performance.now() < end; tally.requests += 1) {
      const random = createRandom(seed + tally.requests);
      const second = random.chance(0.2) ? request(random) : '';
      const bytes = mutated(random, request(random)) + second;
      const cut = pieces(random, bytes);
      const quiet = random.pick([0, 12]);
      await Promise.all([throwAt(ours.port, cut, quiet, 500), throwAt(theirs.port, cut, quiet, 500)]);
      const [us, them] = [behindUs.take(), behindPeer.take()];
      const [weDid, theyDid] = [us, them].map((all) => all.some((one) => one.messages.length > 0));
      if (weDid && theyDid) tally.both += 1;
      else if (weDid) tally.onlyPortolan += 1;
      else if (theyDid) tally.onlyPeer += 1;
      if (disagreement(bytes, them) !== null) tally.broken += 1;
    }
  } finally {
    theirs.stop();
    await ours.close();
    await behindUs.close();
    await behindPeer.close();
  }
  return tally;
}

async function startPeer(peer: PeerName, backend: number): Promise<{ port: number; stop(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-fuzz-'));
  const port = await freePort();
  const config = join(folder, `${peer}.conf`);
  writeFileSync(config, configs[peer](folder, port, backend));
  const args = peer === 'nginx' ? ['-p', folder, '-c', config] : ['-f', config, '-db'];
  const child: ChildProcess = spawn(peer, args, { stdio: 'ignore' });
  for (let turn = 0; turn < 100 && !(await answers(port)); turn += 1) await sleep(50);
  return {
    port,
    stop() {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const configs: Readonly<Record<PeerName, (folder: string, port: number, backend: number) => string>> = {
  nginx: (folder, port, backend) => `daemon off; worker_processes 1; pid ${folder}/pid; error_log /dev/null;
    events { worker_connections 512; }
    http { access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
      uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
      server { listen 127.0.0.1:${port}; proxy_http_version 1.1; proxy_request_buffering off;
        location / { proxy_pass http://127.0.0.1:${backend}; proxy_set_header Host $http_host; } } }`,
  haproxy: (_, port, backend) => `defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
frontend in
  bind 127.0.0.1:${port}
  default_backend out
backend out
  server one 127.0.0.1:${backend}
`,
};

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
