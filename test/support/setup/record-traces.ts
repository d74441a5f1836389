/**
 * Records what a real engine says and shows in each scenario, into test/fixtures/traces/NAME.ndjson:
 *   DOCKER_HOST=unix:///var/run/docker.sock node test/support/setup/record-traces.ts [NAME...]
 * Each line is one of `{event}` (a line of the stream, verbatim as text), `{inspect, status, body}` and `{list}`, in the
 * order of arrival. Containers are inspected at each of their events. Needs the images of `npm run test:setup`.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const host = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
if (!host.startsWith('unix://')) throw new Error(`DOCKER_HOST must be a unix socket here: ${host}`);
const socketPath = host.slice('unix://'.length);
const folder = join(import.meta.dirname, '../../fixtures/traces');
const prefix = `trace-${randomBytes(2).toString('hex')}-`;
const [web, health] = ['portolan-test-web', 'portolan-test-health'];

type Docker = (...args: string[]) => Promise<string>;

/** Names get the prefix: `@web` is this recording's `web`. */
const docker: Docker = async (...args) => {
  const named = args.map((arg) => arg.replaceAll('@', prefix));
  const { stdout } = await run('docker', ['-H', host, ...named], { timeout: 60_000 });
  return stdout.trim();
};
const start = (...args: string[]) => docker('run', '-d', '--name', '@web', ...args);

const scenarios: Record<string, () => Promise<unknown>> = {
  async stop() {
    await start(web);
    await docker('stop', '-t', '1', '@web');
    await docker('start', '@web');
    await docker('rm', '-f', '@web');
  },
  async restart() {
    await start(web);
    await docker('restart', '-t', '1', '@web');
  },
  async rm() {
    await start('--rm', web, 'sh', '-c', 'sleep 0.3; exit 7');
    await sleep(1_500);
  },
  async 'restart-always'() {
    await start('--restart', 'always', web, 'sh', '-c', 'sleep 0.7; exit 3');
    await sleep(3_000);
    await docker('rm', '-f', '@web');
  },
  async 'out-of-memory'() {
    await start('--memory', '8m', web, 'tail', '/dev/zero');
    await sleep(2_000);
  },
  async pause() {
    await start(web);
    await docker('pause', '@web');
    await docker('unpause', '@web');
  },
  async rename() {
    await start(web);
    await docker('rename', '@web', '@other');
  },
  async network() {
    await docker('network', 'create', '@net');
    await start(web);
    await docker('network', 'connect', '@net', '@web');
    await docker('network', 'disconnect', 'bridge', '@web');
    await docker('network', 'disconnect', '@net', '@web');
  },
  async compose() {
    const project = ['--label', 'com.docker.compose.project=@shop'];
    const one = (service: string, number: string) =>
      docker(
        'run',
        '-d',
        '--name',
        `@shop-${service}-${number}`,
        '--network',
        '@shop_default',
        ...project,
        '--label',
        `com.docker.compose.service=${service}`,
        '--label',
        `com.docker.compose.container-number=${number}`,
        web,
      );
    await docker('network', 'create', ...project, '@shop_default');
    await one('web', '1');
    await one('web', '2');
    await one('api', '1');
    await docker('stop', '-t', '1', '@shop-web-1', '@shop-web-2', '@shop-api-1');
    await docker('rm', '@shop-web-1', '@shop-web-2', '@shop-api-1');
    await docker('network', 'rm', '@shop_default');
  },
  async 'kill-winch'() {
    await start(web);
    await docker('kill', '-s', 'WINCH', '@web');
    await docker('kill', '-s', 'KILL', '@web');
  },
  async health() {
    await start(health);
    await sleep(2_500);
    await docker('exec', '@web', 'sh', '-c', 'echo > /tmp/sick');
    await sleep(2_500);
    await docker('exec', '@web', '/bin/busybox', 'rm', '/tmp/sick');
    await sleep(2_500);
  },
  async 'forged-exit-code'() {
    await start(
      '--label',
      'exitCode=0',
      '--label',
      'name=somebody-else',
      '--label',
      'timeNano=12',
      web,
      'sh',
      '-c',
      'exit 9',
    );
    await sleep(1_000);
  },
  async published() {
    await start('-p', '127.0.0.1::80', '-P', '--expose', '81', '--expose', '53/udp', web);
  },
  /** Of Podman, whose `DOCKER_HOST` this one wants: its words are not always those of Docker. */
  async podman() {
    await start('-p', '127.0.0.1::80', web);
    await docker('stop', '-t', '1', '@web');
    await docker('start', '@web');
    await docker('rename', '@web', '@other');
    await docker('pause', '@other');
    await docker('unpause', '@other');
    await docker('restart', '-t', '1', '@other');
    await docker('kill', '@other');
    await docker('rm', '@other');
  },
};

interface EngineEvent {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function get(path: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = http.get({ socketPath, path, timeout: 10_000 }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
  });
  request.once('error', reject);
  return promise;
}

/** Folders of the recording machine say nothing and do not belong into a fixture. */
async function createScrub(): Promise<(text: string) => string> {
  const { DockerRootDir } = JSON.parse((await get('/info')).text) as { DockerRootDir: string };
  return (text) =>
    text
      .replaceAll(DockerRootDir, '/var/lib/docker')
      .replaceAll(dirname(socketPath), '/run/engine')
      .replace(/"SandboxKey":"[^"]*\/netns\//g, '"SandboxKey":"/var/run/docker/netns/');
}

async function record(name: string, scrub: (text: string) => string): Promise<void> {
  const lines: string[] = [];
  const ids = new Set<string>();
  const pending: Promise<unknown>[] = [];
  const inspect = async (id: string) => {
    const { status, text } = await get(`/containers/${id}/json`);
    lines.push(`{"inspect":"${id}","status":${status},"body":${scrub(text.trim())}}`);
  };
  const takeLine = (line: string) => {
    const { Type, Action, Actor } = JSON.parse(line) as EngineEvent;
    const id = Actor.Attributes['container'] ?? Actor.ID;
    // Other work may go on in the same engine.
    if (!line.includes(prefix) && !ids.has(id) && !ids.has(Actor.ID)) return;
    lines.push(JSON.stringify({ event: line }));
    const isContainer = Type === 'container' || Actor.Attributes['container'] !== undefined;
    if (!isContainer || Action.startsWith('exec_')) return;
    ids.add(id);
    pending.push(inspect(id));
  };
  const stream = http.get({ socketPath, path: '/events' });
  stream.on('error', () => undefined);
  stream.once('response', (response) => {
    let rest = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      const parts = (rest + part).split('\n');
      rest = parts.pop()!;
      for (const line of parts) takeLine(line);
    });
    response.on('error', () => undefined);
  });
  await sleep(300);
  await scenarios[name]!();
  await sleep(300);
  await Promise.all(pending);
  const list = JSON.parse((await get('/containers/json?all=1')).text) as { Id: string }[];
  lines.push(scrub(JSON.stringify({ list: list.filter(({ Id }) => ids.has(Id)) })));
  stream.destroy();
  writeFileSync(join(folder, `${name}.ndjson`), `${lines.join('\n').replaceAll(prefix, 'trace-')}\n`);
  console.log(`${name}: ${lines.length} lines`);
  await cleanUp();
}

async function cleanUp(): Promise<void> {
  const containers = (await docker('ps', '-aq', '--filter', 'name=^/@')).split('\n').filter(Boolean);
  if (containers.length > 0) await docker('rm', '-f', '-v', ...containers);
  const networks = (await docker('network', 'ls', '-q', '--filter', 'name=^@')).split('\n').filter(Boolean);
  if (networks.length > 0) await docker('network', 'rm', ...networks);
}

mkdirSync(folder, { recursive: true });
const scrub = await createScrub();
const ofDocker = Object.keys(scenarios).filter((name) => name !== 'podman');
const wanted = process.argv.length > 2 ? process.argv.slice(2) : ofDocker;
for (const name of wanted) await record(name, scrub).finally(cleanUp);
