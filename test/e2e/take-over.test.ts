/** One Portolan takes over from another, on a real engine: the port, the log, and the requests that come meanwhile. */
import { connect } from 'node:net';
import { afterAll, afterEach, expect, test } from 'vitest';
import { describeOnDocker, images } from '../support/docker.ts';
import { startLoad } from '../support/load.ts';
import { checkLog } from '../support/log-check.ts';
import {
  cleanUp,
  makeDataDir,
  type Portolan,
  startInVain,
  startPortolan,
  within,
} from '../support/portolan.ts';

const rounds = Number(process.env['TAKE_OVER_ROUNDS'] ?? 5);

/** Answers when it is told to. */
const slowServer = `
  /bin/busybox mkdir -p /www/cgi-bin; cd /www/cgi-bin
  echo '#!/bin/busybox sh
    /bin/busybox touch /begun
    while ! /bin/busybox test -e /go-on; do /bin/busybox sleep 0.05; done
    printf "Content-Type: text/plain\\r\\n\\r\\nlate\\n"' > late
  /bin/busybox chmod +x late
  exec /bin/busybox httpd -f -p 80 -h /www`;

interface Knocking {
  readonly failures: readonly string[];
  stop(): Promise<number>;
}

/** Visitors that open a connection for each request, as those do that find a listener gone. */
function startKnocking(port: number, host: string): Knocking {
  const failures: string[] = [];
  let count = 0;
  let running = true;
  const knock = (): Promise<void> =>
    new Promise((resolve) => {
      let text = '';
      const socket = connect(port, '127.0.0.1');
      socket.setTimeout(10_000, () => socket.destroy(new Error('no answer within 10 s')));
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('error', (error) => failures.push(error.message));
      socket.on('close', () => {
        count += 1;
        if (!text.startsWith('HTTP/1.1 200')) failures.push(`an answer of ${text.slice(0, 80) || 'nothing'}`);
        resolve();
      });
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    });
  const visit = async (): Promise<void> => {
    while (running) await knock();
  };
  const ended = Promise.all(Array.from({ length: 8 }, visit));
  return {
    failures,
    async stop() {
      running = false;
      await ended;
      return count;
    },
  };
}

describeOnDocker('a take-over', (engine) => {
  const name = (suffix: string): string => `${engine.prefix}${suffix}`;
  const hostOf = (suffix: string): string => `${name(suffix)}.docker.localhost`;
  const run = (suffix: string): Promise<string> =>
    engine.cli('run', '-d', '--name', name(suffix), images.web);
  const successorOf = (before: Portolan, ...args: string[]): Promise<Portolan> =>
    startPortolan({
      dockerHost: engine.host,
      dataDir: before.dataDir,
      args: [
        '--http-port',
        String(before.port),
        '--api-port',
        String(before.apiPort),
        '--take-over',
        ...args,
      ],
    });
  const exited = (portolan: Portolan): Promise<number> =>
    within(20_000, 'the predecessor to end', async () =>
      portolan.process.exitCode === null ? undefined : `${portolan.process.exitCode}`,
    ).then(Number);
  afterEach(async () => {
    await cleanUp();
    await engine.cleanUp();
  });
  afterAll(cleanUp);

  test('refuses no connection, cuts no request, and leaves no gap in the history', async () => {
    await run('web');
    let current = await startPortolan({ dockerHost: engine.host, dataDir: makeDataDir() });
    const { dataDir, port } = current;
    await current.answers(hostOf('web'), 200);
    const knocking = startKnocking(port, hostOf('web'));
    const load = startLoad({ port, host: hostOf('web') });
    for (let round = 0; round < rounds; round += 1) {
      const next = await successorOf(current);
      expect(next.port).toBe(port);
      expect(await exited(current)).toBe(0);
      current = next;
    }
    expect(await knocking.stop()).toBeGreaterThan(100);
    await load.stop();
    expect({ fresh: knocking.failures, kept: load.failures }).toEqual({ fresh: [], kept: [] });

    const history = await within(8_000, 'the history', async () => {
      const { items } = await current.json<{ items: { to: string | null }[] }>(
        `/hosts/${hostOf('web')}/history`,
      );
      return items.length > 0 && items;
    });
    expect(history).toMatchObject([{ to: null }]);
    const started = await current.events('PortolanStarted');
    const all = Array.from({ length: rounds }, () => true);
    expect(started.map(({ data }) => data.tookOver)).toEqual([undefined, ...all]);
    const stopped = await current.events('PortolanStopped');
    expect(stopped.map(({ data }) => data.handedOver)).toEqual(all);
    expect(await current.events('EngineLost')).toEqual([]);
    expect((await current.json<{ trust: string }>('/system')).trust).toBe('confirmed');
    await current.stop();
    expect(checkLog(dataDir)).toEqual({ valid: true, doubled: 0 });
  });

  test('lets requests under way end with the predecessor, while the successor follows the containers', async () => {
    await engine.cli('run', '-d', '--name', name('slow'), images.web, '/bin/busybox', 'sh', '-c', slowServer);
    const first = await startPortolan({
      dockerHost: engine.host,
      dataDir: makeDataDir(),
      args: ['--drain', '60s'],
    });
    await first.answers(hostOf('slow'), 200);
    const answer = first.get(hostOf('slow'), '/cgi-bin/late');
    await within(
      5_000,
      'the request to be under way',
      async () =>
        (await engine.cli('exec', name('slow'), '/bin/busybox', 'test', '-e', '/begun').catch(() => null)) !==
        null,
    );

    const second = await successorOf(first);
    await run('comes');
    await second.answers(hostOf('comes'), 200);
    await engine.cli('stop', '-t', '0', name('comes'));
    await second.answers(hostOf('comes'), 503);
    expect(first.process.exitCode).toBeNull();
    await engine.cli('exec', name('slow'), '/bin/busybox', 'touch', '/go-on');
    expect(await answer).toMatchObject({ status: 200, body: 'late\n' });
    expect(await exited(first)).toBe(0);
    expect((await second.json<{ problems: string[] }>('/system')).problems).toEqual([]);
  });

  test('without a predecessor is an ordinary start, and without the flag a taken port is an error', async () => {
    const first = await startPortolan({
      dockerHost: engine.host,
      dataDir: makeDataDir(),
      args: ['--take-over'],
    });
    const { code, error } = await startInVain({
      dockerHost: engine.host,
      dataDir: makeDataDir(),
      args: ['--http-port', String(first.port)],
    });
    expect(code).toBe(1);
    expect(error).toContain(`${first.port} is taken by another program`);
    // Nor does it help where the port is another Portolan's, of another data folder.
    const foreign = await startInVain({
      dockerHost: engine.host,
      dataDir: makeDataDir(),
      args: ['--http-port', String(first.port), '--take-over'],
    });
    expect(foreign.code).toBe(1);
    expect(foreign.error).toContain('is taken by another program');
    expect((await first.json<{ trust: string }>('/system')).trust).toBe('confirmed');
  });

  test('that fails before it serves leaves the predecessor as it was', async () => {
    await run('web');
    const first = await startPortolan({ dockerHost: engine.host, dataDir: makeDataDir() });
    await first.answers(hostOf('web'), 200);
    const { code, error } = await startInVain({
      dockerHost: engine.host,
      dataDir: first.dataDir,
      // No address of this machine.
      args: ['--http-port', String(first.port), '--http-host', '192.0.2.1', '--take-over'],
    });
    expect({ code, error }).toMatchObject({ code: 1 });
    await first.answers(hostOf('web'), 200);
    const second = await successorOf(first);
    expect(await exited(first)).toBe(0);
    await second.answers(hostOf('web'), 200);
  });
});
