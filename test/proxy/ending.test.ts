/** The end of a proxy that hands over or is stopped. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { endWhenDrained } from '../../src/proxy/ending.ts';
import { ok, startBackend, within } from '../support/raw-http.ts';
import { entryOf, routeOf, startProxy, targetOf } from './in-process.ts';

/** Asks once; when it is told to, again over the same connection, and raises the flag as soon as that is sent. */
const visitor = `
  const { connect } = require('node:net');
  const { parentPort, workerData: { port, flag } } = require('node:worker_threads');
  const socket = connect(port, '127.0.0.1');
  const ask = (done) => socket.write('GET / HTTP/1.1\\r\\nHost: kept.test\\r\\n\\r\\n', done);
  socket.on('data', (bytes) => parentPort.postMessage(bytes.toString('latin1').split('\\r\\n')[0]));
  socket.on('error', (error) => parentPort.postMessage(error.message));
  socket.on('close', () => parentPort.postMessage('closed'));
  parentPort.on('message', () => ask(() => { Atomics.store(flag, 0, 1); Atomics.notify(flag, 0); }));
  ask();
`;

test('a request that came while the thread was held up is answered, though its connection seemed idle', async () => {
  const backend = await startBackend(ok);
  const { port, proxy, close } = await startProxy([entryOf('kept.test', [routeOf([targetOf(backend)])])]);
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const client = new Worker(visitor, { eval: true, workerData: { port, flag } });
  const says = async (): Promise<string> => (await within(once(client, 'message'), 'the visitor'))[0];
  expect(await says()).toBe('HTTP/1.1 200 OK');
  const { promise: ended, resolve: onEnd } = Promise.withResolvers<void>();
  endWhenDrained(proxy, { grace: 5_000, idle: 30 }, onEnd);
  const answer = says();
  client.postMessage('again');
  // Held up until it is sent, and the time for idle connections is over.
  expect(Atomics.wait(flag, 0, 0, 5_000)).not.toBe('timed-out');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
  expect(await answer).toBe('HTTP/1.1 200 OK');
  await within(ended, 'the end');
  await client.terminate();
  await close();
  await backend.close();
});
