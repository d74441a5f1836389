/** Answers through the proxy: the client gets exactly what the backend said, or is told that it said nothing usable. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type Message, readAnswer } from './message.ts';
import { send } from './requests.ts';

export interface Speaker {
  readonly port: number;
  /** What the next request for `/fuzz` is answered with, as it is cut; `close` ends the connection behind it. */
  say(cut: readonly string[], close: boolean): void;
  close(): Promise<void>;
}

const ordinary = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nordinary';

export async function startSpeaker(): Promise<Speaker> {
  let next: { readonly cut: readonly string[]; readonly close: boolean } | null = null;
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let head = '';
    socket.on('data', (chunk: Buffer) => {
      head += chunk.toString('latin1');
      for (let end = head.indexOf('\r\n\r\n'); end !== -1; end = head.indexOf('\r\n\r\n')) {
        const isFuzz = /^\S+ \/fuzz /.test(head);
        head = head.slice(end + 4);
        const said = isFuzz && next !== null ? next : { cut: [ordinary], close: false };
        void send(socket, said.cut).then(() => {
          if (said.close) socket.end();
        });
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    say(cut, close) {
      next = { cut, close };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface Heard {
  readonly bytes: string;
  /** The connection was ended by the proxy. */
  readonly over: boolean;
}

/** Asks, and listens until the answer is whole, the connection has ended, or nothing comes for a while. */
export function listen(port: number, request: string, method: string, patience = 400): Promise<Heard> {
  return new Promise((resolve) => {
    let bytes = '';
    const socket = connect({ port, host: '127.0.0.1' });
    const settle = (over: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ bytes, over });
    };
    let timer = setTimeout(() => settle(false), patience);
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(
        () => settle(false),
        finalOf(bytes, method, false).kind === 'message' ? 5 : patience,
      );
    });
    socket.on('error', () => settle(true));
    socket.on('close', () => settle(true));
    socket.write(request);
  });
}

/** The final answer, after any 1xx. */
export function finalOf(bytes: string, method: string, over: boolean): ReturnType<typeof readAnswer> {
  let rest = bytes;
  for (;;) {
    const reading = readAnswer(rest, method, over);
    if (reading.kind !== 'message' || !/^HTTP\/1\.[01] 1/.test(reading.message.start)) return reading;
    rest = reading.message.rest;
  }
}

const statusOf = (start: string): string => start.split(' ')[1] ?? '';

/** Why what the client got is not what was said; null if it is. */
export function mismatch(said: string, closed: boolean, method: string, heard: Heard): string | null {
  const got = finalOf(heard.bytes, method, heard.over);
  if (got.kind === 'invalid') return `the client got what is no answer: ${got.why}`;
  if (got.kind === 'incomplete') return null;
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(got.message.start)) return 'the phrase holds a control character';
  if (got.message.rest !== '') return `more followed the answer: ${JSON.stringify(got.message.rest)}`;
  const status = statusOf(got.message.start);
  const meant = finalOf(said, method, closed);
  if (meant.kind === 'message' && status === statusOf(meant.message.start)) {
    return got.message.body === meant.message.body
      ? oddField(meant.message, got.message)
      : `the body was ${JSON.stringify(meant.message.body)}, the client got ${JSON.stringify(got.message.body)}`;
  }
  if (status === '502' || status === '504') return null;
  const why = meant.kind === 'message' ? statusOf(meant.message.start) : meant.kind;
  return `the client got ${status} of an answer that is ${why}`;
}

/** Fields of the client's own connection, which the proxy sets. */
const own = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date']);

/** A field or a trailer that the client got although nobody said it, or that is about another hop; null for none. */
function oddField(meant: Message, got: Message): string | null {
  const given = new Set(meant.fields.map(([name, value]) => `${name}: ${value}`));
  const odd = got.fields.find(
    ([name, value]) =>
      !(own.has(name) || given.has(`${name}: ${value}`)) ||
      /^(upgrade|proxy-connection|proxy-authenticate|te)$/.test(name),
  );
  if (odd !== undefined) return `the client got ${odd.join(': ')}`;
  const last = new Set(meant.trailers.map(([name, value]) => `${name}: ${value}`));
  const late = got.trailers.find(
    ([name, value]) =>
      !last.has(`${name}: ${value}`) || /^(content-length|transfer-encoding|set-cookie)$/.test(name),
  );
  return late === undefined ? null : `the client got ${late.join(': ')} as a trailer`;
}
