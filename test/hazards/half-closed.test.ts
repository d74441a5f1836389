/** Hazard: a client that closes its half after the request is taken for one that has gone, and gets the part that was sent with a clean end. */
import { afterEach, expect, test } from 'vitest';
import { entryOf, routeOf, startProxy, targetOf } from '../proxy/in-process.ts';
import { openClient, startBackend, until } from '../support/raw-http.ts';
import { H, host } from './cases.ts';

const beginning = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

test('what a client got that has closed its half does not pass for the whole, where only the end tells', async () => {
  const backend = await startBackend((_, socket) => void socket.write(beginning));
  const proxy = await startProxy([entryOf(host, [routeOf([targetOf(backend)])])]);
  ends.push(backend.close, proxy.close);
  const client = await openClient(proxy.port);
  client.send(`GET / HTTP/1.0\r\n${H}\r\n`);
  await until(() => client.received().endsWith('hello'), 'the beginning');
  client.socket.end();
  expect(await client.closed()).toBe('reset');
  await until(() => proxy.proxy.connections() === 0, 'the end');
  expect(proxy.proxy.open()).toBe(0);
});

test('what is whole reaches it', async () => {
  let finish: () => void = () => undefined;
  const backend = await startBackend((_, socket) => {
    socket.write(beginning);
    finish = () => void socket.write('6\r\n world\r\n0\r\n\r\n');
  });
  const proxy = await startProxy([entryOf(host, [routeOf([targetOf(backend)])])]);
  ends.push(backend.close, proxy.close);
  const client = await openClient(proxy.port);
  client.send(`GET / HTTP/1.0\r\n${H}\r\n`);
  await until(() => client.received().endsWith('hello'), 'the beginning');
  finish();
  await until(() => client.received().endsWith(' world'), 'the rest');
  client.socket.end();
  expect(await client.closed()).toBe('ended');
});
