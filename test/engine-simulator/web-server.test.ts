/** The web server of a simulated container: its pages, and what pause, stop and restart do to it. */
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { ask, eventually, startSimulator } from './support.ts';

async function startOne(env: readonly string[] = []) {
  const simulator = await startSimulator();
  const container = await simulator.run({ name: 'one', env });
  return { simulator, container, address: container.address };
}

/** Resolves with the socket, or rejects. */
function dial(address: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(80, address, () => resolve(socket)).on('error', reject);
    onTestFinished(() => void socket.destroy());
  });
}

describe('pages', () => {
  test('say who answers', async () => {
    const { address, container } = await startOne();
    const { status, body } = await ask(address, '/a/b?c=d', { method: 'PUT' });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      name: 'one',
      id: container.id,
      startedAt: expect.stringMatching(/^20\d\d-.*Z$/),
      path: '/a/b?c=d',
      method: 'PUT',
    });
  });

  test('/headers shows each field as it came', async () => {
    const { address } = await startOne();
    const { body } = await ask(address, '/headers', { headers: { 'X-One': 'a', 'x-two': ['b', 'c'] } });
    const { headers } = JSON.parse(body) as { headers: string[][] };
    expect(headers).toEqual(
      expect.arrayContaining([
        ['X-One', 'a'],
        ['x-two', 'b'],
        ['x-two', 'c'],
      ]),
    );
  });

  test('/echo sends the body back', async () => {
    const { address } = await startOne();
    const body = 'x'.repeat(300_000);
    expect((await ask(address, '/echo', { method: 'POST', body })).body).toBe(body);
  });

  test('/big, /chunked, /slow and /status', async () => {
    const { address } = await startOne();
    const big = await ask(address, '/big?bytes=200000');
    expect([big.headers['content-length'], big.body.length]).toEqual(['200000', 200_000]);
    const chunked = await ask(address, '/chunked?parts=3');
    expect([chunked.headers['transfer-encoding'], chunked.body]).toEqual([
      'chunked',
      'part 1\npart 2\npart 3\n',
    ]);
    const before = performance.now();
    expect((await ask(address, '/slow?ms=80')).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThan(70);
    expect((await ask(address, '/status?code=418')).status).toBe(418);
    await expect(ask(address, '/broken')).rejects.toThrow();
  });

  test('/events sends server-sent events', async () => {
    const { address } = await startOne();
    const response = await new Promise<http.IncomingMessage>((resolve) => {
      http.get({ host: address, path: '/events?ms=10', agent: false }, resolve);
    });
    let text = '';
    response.on('data', (chunk) => {
      text += chunk;
    });
    response.on('error', () => undefined);
    await eventually('three have come', () => text.includes('data: 2\n\n'));
    expect(response.headers['content-type']).toBe('text/event-stream');
    response.destroy();
  });

  test('a WebSocket sends back what comes, of any size, and closes in good order', async () => {
    const { address } = await startOne();
    const socket = new WebSocket(`ws://${address}/any`);
    const got: (string | number)[] = [];
    socket.on('message', (data, isBinary) => got.push(isBinary ? (data as Buffer).length : String(data)));
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send('hello');
    socket.send(Buffer.alloc(70_000));
    socket.send('x'.repeat(1_000));
    await eventually('all are back', () => got.length === 3);
    expect(got).toEqual(['hello', 70_000, 'x'.repeat(1_000)]);
    const pong = new Promise((resolve) => socket.once('pong', resolve));
    socket.ping();
    await pong;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.close(1000);
    expect(await closed).toBe(1000);
  });
});

describe('the container', () => {
  test('refuses connections once it is stopped, and ends those that stand', async () => {
    const { simulator, container, address } = await startOne();
    const socket = await dial(address);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await simulator.containers.stop(container);
    await closed;
    await expect(dial(address)).rejects.toThrow(/ECONNREFUSED/);
    await simulator.containers.start(container);
    expect((await ask(container.address)).status).toBe(200);
  });

  test('accepts while it is paused, and answers only afterwards', async () => {
    const { simulator, container, address } = await startOne();
    simulator.containers.pause(container);
    let answered = false;
    const answer = ask(address).then((got) => {
      answered = true;
      return got;
    });
    (await dial(address)).destroy();
    await sleep(80);
    expect(answered).toBe(false);
    simulator.containers.unpause(container);
    expect((await answer).status).toBe(200);
  });

  test('holds a stream while it is paused', async () => {
    const { simulator, container, address } = await startOne();
    const socket = new WebSocket(`ws://${address}/`);
    await new Promise((resolve) => socket.once('open', resolve));
    simulator.containers.pause(container);
    let got = '';
    socket.on('message', (data) => {
      got += String(data);
    });
    socket.send('a');
    socket.send('b');
    await sleep(60);
    expect(got).toBe('');
    simulator.containers.unpause(container);
    await eventually('both are back', () => got === 'ab');
    socket.terminate();
  });

  test('has another startedAt after a restart', async () => {
    const { simulator, container, address } = await startOne();
    const startedAt = async () => JSON.parse((await ask(address)).body).startedAt as string;
    const before = await startedAt();
    await simulator.containers.restart(container);
    expect((await startedAt()) > before).toBe(true);
  });

  test('can be late to accept', async () => {
    const { simulator, container, address } = await startOne(['SIMULATED_LISTEN_AFTER=150']);
    expect(container.status).toBe('running');
    await expect(dial(address)).rejects.toThrow(/ECONNREFUSED/);
    await eventually('it accepts', () =>
      dial(address).then(
        () => true,
        () => false,
      ),
    );
    await simulator.containers.stop(container);
  });

  test('can take its time to end on SIGTERM, with an exit code of its own', async () => {
    const { simulator, container } = await startOne(['SIMULATED_ON_TERM=4', 'SIMULATED_TERM_DELAY=60']);
    await simulator.containers.stop(container);
    expect(container.exitCode).toBe(4);
  });
});
