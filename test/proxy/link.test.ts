/** One connection to an upstream: when it is fit for another request. */
import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { type AddressInfo, createServer, Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { AnswerListener } from '../../src/proxy/attempt.ts';
import { createFieldNames } from '../../src/proxy/field-names.ts';
import { defaultLimits } from '../../src/proxy/limits.ts';
import { Link } from '../../src/proxy/link.ts';
import { within } from '../support/raw-http.ts';
import { targetOf } from './in-process.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

test('a connection that broke as the last of a request was written brings its answer, and is given no other request', async () => {
  const body = new IncomingMessage(new Socket());
  let idle = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno');
      socket.resetAndDestroy();
      // In the same turn: what is written meets the break before what has arrived is read.
      body.complete = true;
      body.push(null);
    });
  });
  server.listen(0, '127.0.0.1');
  await within(once(server, 'listening'), 'listen');
  ends.push(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const gone = Promise.withResolvers<void>();
  const link = new Link(targetOf({ port, address: '127.0.0.1' }), {
    limits: defaultLimits,
    names: createFieldNames(),
    memory: Buffer.alloc(64 * 1024),
    onIdle: () => (idle += 1),
    onGone: () => gone.resolve(),
  });
  const told: string[] = [];
  link.send(
    {
      method: 'POST',
      path: '/',
      headers: ['Host', 'web', 'Transfer-Encoding', 'chunked'],
      body,
      expectsContinue: false,
    },
    listening(told),
  );
  await within(gone.promise, 'the end of the connection');
  expect({ told, idle }).toEqual({ told: ['200 no'], idle: 0 });
});

const listening = (told: string[]): AnswerListener => ({
  sending: () => undefined,
  bodyStarted: () => undefined,
  bodyBytes: () => undefined,
  trailers: () => undefined,
  proceed: () => undefined,
  information: () => undefined,
  head: () => undefined,
  whole: ({ status }, text) => void told.push(`${status} ${text}`),
  data: () => true,
  end: () => undefined,
  failed: ({ error }) => void told.push(error.message),
});
