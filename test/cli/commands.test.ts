/** The real command against a real service on the simulated engine. */
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import http from 'node:http';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { command, follow, type Ran, runCli } from '../support/cli.ts';
import { cleanUp, type Portolan, within } from '../support/portolan.ts';
import { createEngine, hears, routesEqual, serveOn } from '../support/simulated.ts';

let simulator: Simulator;
let portolan: Portolan;
const cli = (...args: string[]): Promise<Ran> => runCli(portolan, args);
const json = async <T>(...args: string[]): Promise<T> => {
  const { code, out, error } = await cli(...args, '--json');
  expect({ code, error }).toEqual({ code: 0, error: '' });
  return JSON.parse(out);
};
/** What the API says of itself. */
const signed = { 'Portolan-Api': 'v1' };
const hostOf = (name: string): string => `${name}.docker.localhost`;

beforeAll(async () => {
  simulator = await createEngine();
  portolan = await serveOn(simulator);
  await hears(portolan);
  await simulator.run({ name: 'web', image: 'nginx' });
  await simulator.run({ name: 'shop', image: 'nginx' });
  await routesEqual(portolan, simulator);
});
afterAll(async () => {
  await cleanUp();
  await simulator.stop();
});

describe('questions', () => {
  test('routes are a table, and JSON as the API gives it', async () => {
    const { code, out } = await cli('routes');
    expect(code).toBe(0);
    expect(out).toMatch(/^HOST +TARGETS +STATE +SINCE +FOR\n/);
    expect(out).toMatch(/^web\.docker\.localhost +web \(127\.\S+\) +open /m);
    const { items } = await json<{ items: { match: { host: string } }[] }>('routes', '--host', hostOf('web'));
    expect(items.map(({ match }) => match.host)).toEqual([hostOf('web')]);
  });

  test('nothing is coloured where nobody looks', async () => {
    expect((await cli('routes')).out).not.toContain('\x1b');
    const forced = await runCli(portolan, ['routes'], { FORCE_COLOR: '1' });
    expect(forced.out).toContain('\x1b');
  });

  test('where nothing is routed it says of which host, and of which time', async () => {
    expect((await cli('routes', '--host', 'never')).out).toBe('never has no route: portolan why never\n');
    expect((await cli('routes', '--at', 'position:1')).out).toBe('Nothing was routed then.\n');
  });

  test('resolve says where a URL goes; exit code 1 where it goes nowhere', async () => {
    const there = await cli('resolve', `http://${hostOf('web')}/a`);
    expect(there).toMatchObject({ code: 0 });
    expect(there.out).toContain('web (127.');
    expect(await cli('resolve', 'never.docker.localhost')).toMatchObject({ code: 1, error: '' });
    const unknown = await cli('resolve', hostOf('web'), '--method', 'FOO');
    expect(unknown).toMatchObject({ code: 1, out: '400  the method is none of HTTP.\n' });
  });

  test('history lists the intervals of a host; of an unknown one it names the nearest', async () => {
    const { items } = await json<{ items: { to: string | null }[] }>('history', hostOf('web'));
    expect(items[0]).toMatchObject({ to: null });
    const unknown = await cli('history', 'wep.docker.localhost');
    expect(unknown.code).toBe(4);
    expect(unknown.error).toContain(`did you mean ${hostOf('web')}`);
  });

  test('why says it in a sentence, with the events that led to it', async () => {
    const { out } = await cli('why', hostOf('web'));
    expect(out).toMatch(/^web\.docker\.localhost has gone to web since .*\n/);
    expect(out).toContain('RouteOpened');
    expect((await cli('why', hostOf('wep'))).out).toMatch(/web\.docker\.localhost .* near\./);
  });

  test('a moment of the past is shown as it was, and diff says what came since', async () => {
    const { items } = await json<{ items: unknown[] }>('routes', '--at', 'position:1');
    expect(items).toEqual([]);
    expect(await cli('resolve', hostOf('web'), '--at', 'position:1')).toMatchObject({ code: 1 });
    const { out } = await cli('diff', 'position:1');
    expect(out).toContain(`+ ${hostOf('web')}  web (127.`);
    expect(out).toMatch(/by (engine|portolan|external)/);
    expect((await cli('diff')).code).toBe(2);
  });

  test('containers come with their hosts', async () => {
    const { out } = await cli('containers');
    expect(out).toMatch(/^shop .* running .* shop\.docker\.localhost/m);
  });

  test('events are the newest, oldest of them first, and filtered by the API', async () => {
    const { items } = await json<{ items: { type: string; position: number }[] }>('events', '-n', '5');
    expect(items).toHaveLength(5);
    expect(items.map(({ position }) => position)).toEqual(
      items.map(({ position }) => position).toSorted((one, other) => one - other),
    );
    const opened = await cli('events', '--type', 'RouteOpened', '--host', hostOf('web'));
    expect(opened.out.trim().split('\n')).toHaveLength(1);
    const first = await json<{ items: { position: number }[] }>('events', '--after', '2', '-n', '2');
    expect(first.items.map(({ position }) => position)).toEqual([3, 4]);
    expect(opened.out).toContain(`RouteOpened            ${hostOf('web')}`);
  });
});

describe('commands', () => {
  test('run pulls, starts and tells the host; stop, start, pause, unpause, kill and rm follow, and the audit knows', async () => {
    const ran = await cli('run', 'nginx', '--name', 'fresh', '-e', 'A=1', '-l', 'portolan.port=80');
    expect(ran).toMatchObject({ code: 0, error: '' });
    expect(ran.out).toMatch(/^fresh runs/);
    // It can be opened as it stands there.
    expect(ran.out).toContain(`  http://${hostOf('fresh')}:${portolan.port}\n`);
    await portolan.answers(hostOf('fresh'), 200);
    for (const [name, status] of [
      ['stop', 503],
      ['start', 200],
      ['pause', 503],
      ['unpause', 200],
      ['restart', 200],
      ['kill', 503],
    ] as const) {
      expect(await cli(name, 'fresh'), name).toMatchObject({ code: 0, error: '' });
      await portolan.answers(hostOf('fresh'), status);
    }
    expect((await cli('rm', 'fresh')).out).toBe('fresh was removed\n');
    const actions = await within(5_000, 'the audit to have all commands', async () => {
      const { items } = await json<{ items: { action: string; name: string; actor: { kind: string } }[] }>(
        'audit',
      );
      const own = items.filter(({ name, actor }) => name === 'fresh' && actor.kind === 'api');
      return own.length === 8 ? own.map(({ action }) => action) : undefined;
    });
    expect(actions).toEqual(['remove', 'kill', 'restart', 'unpause', 'pause', 'start', 'stop', 'create']);
  });

  test('run says why a container gets no route', async () => {
    const ran = await cli('run', 'nginx', '--name', 'hidden', '-l', 'portolan.enable=false');
    expect(ran).toMatchObject({ code: 0, out: expect.stringMatching(/^hidden runs \(\w{12}\)\n$/) });
    expect(ran.error).toMatch(/no route: .*portolan\.enable/);
    expect((await cli('rm', '-f', 'hidden')).code).toBe(0);
  });

  test('an image that is not there is a failure with exit code 4, and with JSON on standard error, too', async () => {
    const failed = await cli('run', 'no.such/image', '--json');
    expect(failed).toMatchObject({ code: 4, out: '' });
    expect(JSON.parse(failed.error)).toMatchObject({ error: { exitCode: 4 } });
  });

  test('a name that is not there is answered with the nearest; the others are still stopped', async () => {
    const one = await cli('stop', 'shpo');
    expect(one).toMatchObject({ code: 4 });
    expect(one.error).toContain('did you mean shop?');
    const two = await cli('restart', 'nobody', 'shop');
    expect(two).toMatchObject({ code: 4, out: 'shop was restarted\n' });
  });

  test('logs and stats of a container', async () => {
    expect(await cli('logs', 'web')).toMatchObject({ code: 0, error: '' });
    expect((await cli('stats', 'web', '--once')).out).toMatch(/^ +CPU +MEMORY +RECEIVED +SENT +PIDS\n.*%/);
  });
});

describe('errors say what to do', () => {
  test('an API that is away: exit code 3 and how to start it', async () => {
    const away = await runCli({ apiPort: 25_099, dataDir: portolan.dataDir }, ['routes']);
    expect(away.code).toBe(3);
    expect(away.error).toMatch(
      /^portolan: the API at http:\/\/127\.0\.0\.1:25099 is away \(ECONNREFUSED\)\n {2}start it: /,
    );
  });

  test('a standard output that cannot be written is one line and exit code 1', async ({ skip }) => {
    skip(process.platform !== 'linux', 'Linux has /dev/full');
    for (const args of ['routes', 'export']) {
      const full = `"${process.execPath}" "${command}" --data-dir "${portolan.dataDir}" ${args} > /dev/full`;
      const env = { ...process.env, PORTOLAN_API: `http://127.0.0.1:${portolan.apiPort}` };
      const ran = await promisify(execFile)('sh', ['-c', full], { env }).catch((error) => error);
      expect(ran).toMatchObject({
        code: 1,
        stderr: 'portolan: standard output cannot be written (ENOSPC)\n',
      });
    }
  });

  test("what is not Portolan's API is told as such, and its answers are believed in nothing", async () => {
    const server = http.createServer((_, answer) => answer.end('{"hello":"world"}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    try {
      for (const apiPort of [port, portolan.port])
        for (const args of [
          ['stop', 'web'],
          ['routes'],
          ['events', '-f'],
          ['logs', 'web'],
          ['replay', 'compare'],
        ]) {
          const ran = await runCli({ apiPort, dataDir: portolan.dataDir }, args);
          expect(ran, `${apiPort} ${args.join(' ')}`).toMatchObject({ code: 3, out: '' });
          expect(ran.error).toContain("is not Portolan's API");
          expect(ran.error).toContain('--api http://HOST:PORT');
        }
    } finally {
      server.close();
    }
  });

  test('a missing token: exit code 5, and where it was looked for', async () => {
    const elsewhere = mkdtempSync('/tmp/portolan-cli-');
    const refused = await runCli({ ...portolan, dataDir: elsewhere }, ['stop', 'web']);
    expect(refused.code).toBe(5);
    expect(refused.error).toContain(`there is no ${elsewhere}/token`);
    expect(refused.error).toContain('--data-dir');
  });

  test('a diff that comes in pages is shown whole', async () => {
    const end = (position: number) => ({ position, at: '2026-11-23T10:00:00.000Z' });
    const change = (name: string) => ({
      route: name,
      host: hostOf(name),
      before: null,
      after: { match: { host: hostOf(name), path: '/' }, targets: [], state: 'open' },
      cause: null,
    });
    const pages: Record<string, object> = {
      '': { added: [change('a')], removed: [], changed: [], next: 'second' },
      second: { added: [change('b')], removed: [change('c')], changed: [], next: 'third' },
      third: { added: [], removed: [], changed: [change('d')] },
    };
    const server = http.createServer(({ url }, answer) => {
      const cursor = new URL(url!, 'http://api').searchParams.get('cursor') ?? '';
      answer.writeHead(200, signed).end(JSON.stringify({ from: end(1), to: end(9), ...pages[cursor] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as { port: number };
      const { out } = await runCli({ apiPort: port, dataDir: portolan.dataDir }, ['diff', 'position:1']);
      expect(out.match(/^[+~-] \w/gm)).toEqual(['+ a', '+ b', '- c', '~ d']);
    } finally {
      server.close();
    }
  });

  test('a token of the data folder is not sent to another machine', async ({ skip }) => {
    const [other] = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal);
    skip(other === undefined, 'this machine has no address but loopback');
    const seen: (string | undefined)[] = [];
    const server = http.createServer(({ headers }, answer) => {
      seen.push(headers.authorization);
      answer.writeHead(headers.authorization === undefined ? 401 : 200, signed).end('{"items":[]}');
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { port } = server.address() as { port: number };
    const elsewhere = { PORTOLAN_API: `http://${other!.address}:${port}` };
    try {
      await runCli({ apiPort: port, dataDir: portolan.dataDir }, ['routes']);
      const refused = await runCli(portolan, ['routes'], elsewhere);
      expect(refused).toMatchObject({
        code: 5,
        error: expect.stringContaining("give the other's with --token-file"),
      });
      await runCli(portolan, ['routes'], { ...elsewhere, PORTOLAN_TOKEN: 'given-for-this-call' });
    } finally {
      server.close();
    }
    expect(seen).toEqual([expect.stringMatching(/^Bearer /), undefined, 'Bearer given-for-this-call']);
  });

  test('a wrong command line: exit code 2, with what is allowed', async () => {
    for (const [args, words] of [
      [['rotues'], 'did you mean routes?\n  portolan help\n'],
      [['help', 'rotues'], 'Allowed choices are routes, '],
      [['events', '-f', '--until', '10m'], '--follow and --until exclude each other'],
      [['events', '-f', '--after', '3', '-n', '2'], '--after with --limit exclude each other'],
      [['stop', ''], 'portolan: "" is no name\n'],
      [['history', '..'], 'portolan: ".." is no name\n'],
      [['run', 'nginx', '--name', 'a b'], 'portolan: name: a container name is allowed'],
      [['stop'], "portolan: missing required argument 'name'\n  portolan help stop\n"],
      [['events', '--type', 'routeopend'], 'did you mean RouteOpened?'],
      [['routes', '--at', 'yesterday-ish'], 'Allowed: 14:03'],
      [['events', '--type', 'Nothing'], '--type is "Nothing"; allowed: '],
      [['routes', '--api', 'ftp://x'], '--api is "ftp://x"'],
      [['resolve'], "missing required argument 'url'"],
    ] as const) {
      const wrong = await cli(...args);
      expect(wrong, args.join(' ')).toMatchObject({ code: 2, out: '' });
      expect(wrong.error).toContain(words);
    }
  });
});

describe('with --json errors are JSON on standard error, with the same exit codes', () => {
  test.each([
    [['rotues'], 2, "unknown command 'rotues'", 'did you mean routes?'],
    [['routes', '--colour'], 2, "unknown option '--colour'", 'portolan help routes'],
    [[], 2, 'a command is missing', 'portolan help'],
    [['routes', '--api', 'ftp://x'], 2, '--api is "ftp://x"', undefined],
    [['history', 'wbe.docker.localhost'], 4, 'wbe.docker.localhost', 'did you mean web.docker.localhost'],
    [['routes', '--api', 'http://127.0.0.1:9'], 3, 'is away (ECONNREFUSED)', 'start it: portolan serve'],
    [['stop', 'web', '--data-dir', '/nowhere'], 5, 'token', '--data-dir'],
    [['verify', '--data-dir', '/nowhere'], 4, 'there is no log in /nowhere', undefined],
  ])('%j', async (args, code, message, hint) => {
    const ran = await cli(...args, '--json');
    expect(ran).toMatchObject({ code, out: '' });
    expect(ran.error.trim().split('\n')).toHaveLength(1);
    const { error } = JSON.parse(ran.error);
    expect(error).toMatchObject({ message: expect.stringContaining(message), exitCode: code });
    if (hint !== undefined) expect(error.hints.join(' ')).toContain(hint);
  });

  test('of several containers each that fails is named, and the others are answered', async () => {
    const { code, out, error } = await cli('unpause', 'never', 'nobody', '--json');
    expect({ code, out }).toEqual({ code: 4, out: '' });
    const errors = error
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).error);
    expect(errors).toMatchObject([
      { name: 'never', exitCode: 4 },
      { name: 'nobody', exitCode: 4 },
    ]);
  });

  test('--json after -- is a word for the container', async () => {
    const ran = await cli('run', 'web', '--name', 'shop', '--', 'echo', '--json');
    expect(ran.error).toMatch(/^portolan: /);
  });
});

describe('what goes on until it is interrupted', () => {
  test('events -f prints each once, also those that come later', async () => {
    const following = follow(portolan, ['events', '-f', '--container', 'web', '-n', '1', '--json']);
    try {
      await within(10_000, 'the newest event', async () => following.out().includes('\n'));
      await simulator.containers.restart(simulator.containers.get('web'));
      const positions = await within(10_000, 'the restart', async () => {
        const lines = following
          .out()
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line));
        const died = lines.findIndex(({ type }) => type === 'ContainerDied');
        return died !== -1 && lines.slice(died).some(({ type }) => type.startsWith('Route'))
          ? lines.map(({ position }) => position)
          : undefined;
      });
      expect(new Set(positions).size).toBe(positions.length);
    } finally {
      await following.end();
    }
  });

  test('--watch shows the state again after a change', async () => {
    const watching = follow(portolan, ['resolve', hostOf('shop'), '--watch', '--json']);
    try {
      const last = (): number => JSON.parse(watching.out().trim().split('\n').at(-1) || '{}').status;
      await within(10_000, 'the first state', async () => last() === 200);
      await simulator.containers.stop(simulator.containers.get('shop'), 0);
      await within(10_000, 'the stop', async () => last() === 503);
      await simulator.containers.start(simulator.containers.get('shop'));
      await within(10_000, 'the start', async () => last() === 200);
    } finally {
      await watching.end();
    }
  });
});

describe('completion', () => {
  const candidates = async (...words: string[]): Promise<string[]> =>
    (await cli('__complete', '--', ...words)).out
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]!);

  test('commands, options, choices, containers and hosts', async () => {
    expect(await candidates('res')).toEqual(['resolve', 'restart']);
    expect(await candidates('routes', '--w')).toEqual(['--watch']);
    expect(await candidates('events', '--type', 'RouteO')).toEqual(['RouteOpened']);
    expect(await candidates('stop', 'sh')).toEqual(['shop']);
    expect(await candidates('history', 'web')).toEqual([hostOf('web')]);
    expect(await candidates('history', hostOf('web'), '')).toEqual(['']);
    expect(await candidates('resolve', 'http://w')).toEqual([`http://${hostOf('web')}`]);
    expect(await candidates('events', '--type=RouteO')).toEqual(['--type=RouteOpened']);
    expect(await candidates('serve', '--http-')).toEqual(['--http-port', '--http-host']);
    expect(await candidates('help', 'his')).toEqual(['history']);
  });

  test('the script for bash asks for the word that is being typed', async () => {
    const script = `
      portolan() { "$NODE" "$PORTOLAN" "$@"; }
      source <(portolan completion bash)
      try() { COMP_LINE=$1 COMP_POINT=\${#1} COMP_WORDS=($1) COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _portolan; echo "\${COMPREPLY[*]}"; }
      try 'portolan hist'
      try 'portolan events --type RouteO'
      try 'portolan restart sh'`;
    const { stdout } = await promisify(execFile)('bash', ['-c', script], {
      env: {
        ...process.env,
        NODE: process.execPath,
        PORTOLAN: command,
        PORTOLAN_API: `http://127.0.0.1:${portolan.apiPort}`,
      },
    });
    expect(stdout).toBe('history\nRouteOpened\nshop\n');
  });
});
