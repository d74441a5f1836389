/** Starts Portolan and the proxies it is held against, each as it is meant to be run: one worker, connections kept. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const benchHost = 'bench.docker.localhost';
export const echoHost = `echo.${benchHost}`;
export const proxyCore = '0';
export const loadCore = '1';

export interface Peer {
  readonly name: string;
  readonly port: number;
  /** Seconds of CPU so far, user and system, children included. */
  cpu(): number;
  /** Bytes in memory, children included. */
  memory(): number;
  stop(): Promise<void>;
}

export interface Backends {
  /** nginx: `/` answers 130 bytes, `/large` 1 MiB, and it takes any POST. */
  readonly http: number;
  readonly echo: number;
  readonly folder: string;
}

export const isInstalled = (command: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`]);
    return true;
  } catch {
    return false;
  }
};

/** Below those that the system gives to connections: of these one may be taken before whoever is to listen does. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

export async function startBackend(folder: string): Promise<Peer> {
  const port = await freePort();
  writeFileSync(join(folder, 'large'), Buffer.alloc(1024 * 1024, 'x'));
  const locations = [
    `location / { default_type text/plain; return 200 "${'x'.repeat(130)}"; }`,
    `location /large { root ${folder}; }`,
    'client_max_body_size 0;',
  ];
  const config = nginx(folder, 'backend', `server { listen 127.0.0.1:${port}; ${locations.join(' ')} }`);
  return start('backend', port, ['nginx', '-p', folder, '-c', config], loadCore);
}

export async function startPortolan(backends: Backends, workers = 1, cores = proxyCore): Promise<Peer> {
  const port = await freePort();
  const program = join(import.meta.dirname, 'proxy-alone.ts');
  const given = [benchHost, port, backends.http, backends.echo, workers].map(String);
  const profile = process.env['PROFILE'];
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  // As `bin/portolan.cjs` has it.
  const command = [process.execPath, '--max-semi-space-size=4', ...profiling, program, ...given];
  const env = { ...process.env, MALLOC_ARENA_MAX: '2' };
  return start(workers === 1 ? 'portolan' : `portolan x ${workers}`, port, command, cores, env);
}

export async function startNginx(backends: Backends, buffering = true): Promise<Peer> {
  const name = buffering ? 'nginx' : 'nginx unbuffered';
  const port = await freePort();
  const server = `
    upstream small { server 127.0.0.1:${backends.http}; keepalive 128; keepalive_requests 1000000000; }
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    server {
      listen 127.0.0.1:${port} reuseport;
      client_max_body_size 0;
      proxy_http_version 1.1;
      proxy_buffering ${buffering ? 'on' : 'off'};
      proxy_request_buffering ${buffering ? 'on' : 'off'};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      location / { proxy_pass http://small; }
      location /echo { proxy_pass http://127.0.0.1:${backends.echo}; proxy_read_timeout 1h; }
    }`;
  const config = nginx(backends.folder, name.replace(' ', '-'), server);
  return start(name, port, ['nginx', '-p', backends.folder, '-c', config]);
}

export async function startHaproxy(backends: Backends): Promise<Peer> {
  const port = await freePort();
  const config = join(backends.folder, 'haproxy.cfg');
  writeFileSync(
    config,
    `global
  nbthread 1
  maxconn 9000
defaults
  mode http
  http-reuse always
  option forwardfor
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
frontend in
  bind 127.0.0.1:${port}
  use_backend echo if { path_beg /echo }
  default_backend small
backend small
  server one 127.0.0.1:${backends.http}
backend echo
  server one 127.0.0.1:${backends.echo}
`,
  );
  return start('haproxy', port, ['haproxy', '-db', '-f', config]);
}

export async function startCaddy(backends: Backends): Promise<Peer> {
  const port = await freePort();
  const config = join(backends.folder, 'Caddyfile');
  writeFileSync(
    config,
    `{
  admin off
  auto_https off
}
http://:${port} {
  handle /echo* {
    reverse_proxy 127.0.0.1:${backends.echo}
  }
  handle {
    reverse_proxy 127.0.0.1:${backends.http}
  }
}
`,
  );
  const command = ['caddy', 'run', '--config', config, '--adapter', 'caddyfile'];
  const env = { ...process.env, GOMAXPROCS: '1', HOME: backends.folder, XDG_DATA_HOME: backends.folder };
  return start('caddy', port, command, proxyCore, env);
}

function nginx(folder: string, name: string, server: string): string {
  const path = join(folder, `${name}.conf`);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (one) => `${one}_temp_path ${join(folder, `${name}-${one}`)};`,
  );
  writeFileSync(
    path,
    `user root; worker_processes 1; daemon off; pid ${join(folder, `${name}.pid`)};
error_log ${join(folder, `${name}.log`)} crit; 
events { worker_connections 9000; }
http { access_log off; sendfile on; tcp_nopush on; tcp_nodelay on;
keepalive_requests 1000000000; keepalive_timeout 1h; ${paths.join(' ')}
${server} }
`,
  );
  return path;
}

async function start(
  name: string,
  port: number,
  command: readonly string[],
  core = proxyCore,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Peer> {
  let printed = '';
  const child = spawn('taskset', ['-c', core, ...command], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.stderr.on('data', (chunk) => {
    printed = `${printed}${chunk}`.slice(-2_000);
  });
  const deadline = Date.now() + 10_000;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`${name} did not start: ${printed}`);
    await sleep(20);
  }
  const all = (): number[] => [child.pid!, ...childrenOf(child.pid!)];
  return {
    name,
    port,
    cpu: () => sum(all().map(cpuOf)),
    memory: () => sum(all().map(memoryOf)),
    stop: () => end(child),
  };
}

/** None outlives the benchmark, however it ends. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill();
});

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  // A profile is written at an orderly end only; the others have nothing to lose.
  child.kill(process.env['PROFILE'] === undefined ? 'SIGTERM' : 'SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(timer);
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024;
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
}
