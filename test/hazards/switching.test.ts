/** Hazard: the head of a 101, which a library writes. */
import { describe, expect, test } from 'vitest';
import { latin1, openClient, until } from '../support/raw-http.ts';
import { H } from './cases.ts';
import { oneRoute } from './one-route.ts';

const { backend, proxy } = await oneRoute();

const upgrade = `GET / HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';

describe('a 101', () => {
  test('keeps the bytes of its fields beyond ASCII: Latin-1, UTF-8, and what is neither', async () => {
    const beyond = 'a\xe9 \xc3\xa9 \x81\xff';
    backend.script = (_, socket) => void socket.write(latin1(`${switched}X-A: ${beyond}\r\n\r\nframe\xff`));
    const client = await openClient(proxy.port);
    client.send(upgrade);
    const answer = await client.answer();
    expect([answer.status, answer.field('x-a')]).toEqual([101, beyond]);
    await until(() => client.received().endsWith('\r\n\r\nframe\xff'), 'what follows it');
    client.close();
  });
  test('has fields with names of Object.prototype as they were sent', async () => {
    const odd = '__proto__: 1\r\nconstructor: 2\r\ntoString: 3\r\n';
    backend.script = (_, socket) => void socket.write(`${switched}${odd}X-A: 4\r\nX-A: 5\r\n\r\n`);
    const client = await openClient(proxy.port);
    client.send(upgrade);
    expect((await client.answer()).fields.filter(([name]) => !/^(connection|upgrade)$/i.test(name))).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
      ['toString', '3'],
      ['X-A', '4'],
      ['X-A', '5'],
    ]);
    client.close();
  });
});
