/** Requests through the proxy: whatever reaches a backend is exactly what an independent reader reads in the client's bytes. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Message, readRequest } from './message.ts';

/** Takes down what comes, and answers each message as soon as it is whole. */
export interface Recorder {
  readonly port: number;
  /** What came since the last call, one for each connection that carried something. */
  take(): { readonly messages: readonly Message[]; readonly rest: string; readonly invalid: string | null }[];
  close(): Promise<void>;
}

interface Recording {
  messages: Message[];
  rest: string;
  invalid: string | null;
}

export async function startRecorder(): Promise<Recorder> {
  const recordings = new Map<Socket, Recording>();
  const server: Server = createServer((socket) => {
    const recording: Recording = { messages: [], rest: '', invalid: null };
    recordings.set(socket, recording);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      recording.rest += chunk.toString('latin1');
      for (;;) {
        const reading = readRequest(recording.rest);
        if (reading.kind === 'incomplete' && /\r\nexpect: *100-continue\r\n/i.test(recording.rest))
          socket.write('HTTP/1.1 100 Continue\r\n\r\n');
        if (reading.kind === 'invalid') recording.invalid = reading.why;
        if (reading.kind !== 'message') return;
        recording.messages.push(reading.message);
        recording.rest = reading.message.rest;
        const empty = reading.message.start.startsWith('HEAD ');
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${empty ? '' : 'ok'}`);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    take() {
      const taken = [...recordings.values()].filter(
        ({ messages, rest }) => messages.length > 0 || rest !== '',
      );
      const shown = taken.map((one) => ({ ...one, messages: [...one.messages] }));
      // What is left on them belongs to what was sent before.
      for (const one of taken) Object.assign(one, { messages: [], rest: '', invalid: null });
      return shown;
    },
    async close() {
      for (const socket of recordings.keys()) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * Sends bytes as they are cut, ends, and waits for the end of the connection. To the proxy a client that has ended is gone.
 * @param quiet milliseconds without an answer after which it ends; 0 for at once
 * @returns what came back
 */
export function throwAt(
  port: number,
  cut: readonly string[],
  quiet: number,
  patience = 1_500,
): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    let sent = false;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const timer = setTimeout(() => socket.destroy(), patience);
    const ending = setTimeout(() => socket.end(), patience);
    const endSoon = (): void => {
      if (!sent) return;
      clearTimeout(ending);
      setTimeout(() => socket.end(), quiet);
    };
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      endSoon();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      clearTimeout(ending);
      resolve(received);
    });
    void send(socket, cut).then(() => {
      sent = true;
      if (quiet === 0) socket.end();
      else setTimeout(endSoon, quiet);
    });
  });
}

/** Each piece by itself, so that it is read by itself. */
export async function send(socket: Socket, cut: readonly string[]): Promise<void> {
  for (const [index, piece] of cut.entries()) {
    if (index > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    if (socket.destroyed) return;
    socket.write(Buffer.from(piece, 'latin1'));
  }
}

/** Messages that the reader reads in the client's bytes, up to the first that is none, and what is left from there. */
export function intended(bytes: string): { readonly messages: readonly Message[]; readonly rest: string } {
  const messages: Message[] = [];
  // Empty lines before a request are passed over (RFC 9112 2.2).
  let rest = bytes.replace(/^[\r\n]+/, '');
  for (;;) {
    const reading = readRequest(rest);
    if (reading.kind !== 'message') return { messages, rest };
    messages.push(reading.message);
    rest = reading.message.rest.replace(/^[\r\n]+/, '');
    if (rest === '') return { messages, rest };
  }
}

/** Why what was forwarded is not what was meant; null if it is. */
export function disagreement(sent: string, forwarded: ReturnType<Recorder['take']>): string | null {
  const { messages: meant, rest: begun } = intended(sent);
  const broken = forwarded.find((one) => one.invalid !== null);
  if (broken !== undefined) return `a backend got what is no message: ${broken.invalid}`;
  const messages = forwarded.flatMap((one) => one.messages);
  if (messages.length > meant.length)
    return `${messages.length} messages reached backends, but ${meant.length} were sent: ${messages.map(({ start }) => start).join(' | ')}`;
  const left = [...meant];
  for (const message of messages) {
    // They may go over several connections, but each at most once.
    const like = left.filter((one) => sameMeaning(one, message));
    if (like.length === 0)
      return `forwarded, but not sent so: ${message.start} with ${JSON.stringify(message.body)}`;
    const same = like.find((one) => oddField(one, message) === null);
    if (same === undefined) return oddField(like[0]!, message);
    left.splice(left.indexOf(same), 1);
  }
  // One of the client's may have been begun and given up.
  const isBegun = ({ rest }: { readonly rest: string }): boolean =>
    [...meant.map(({ start }) => start), begun].some((one) => one.startsWith(rest.split(' ')[0]!));
  const rest = forwarded.find((one) => one.rest !== '' && one.messages.length > 0 && !isBegun(one));
  if (rest !== undefined) return `more followed a message: ${JSON.stringify(rest.rest)}`;
  return null;
}

function sameMeaning(sent: Message, forwarded: Message): boolean {
  const [method, target] = sent.start.split(/ +/);
  const [forwardedMethod, forwardedTarget] = forwarded.start.split(' ');
  // In absolute form the path may be missing; of OPTIONS it is then `*` (RFC 9112 3.2.4).
  const path =
    target!.replace(/^http:\/\/[^/?]*/i, '').replace(/^\?/, '/?') || (method === 'OPTIONS' ? '*' : '/');
  if (method !== forwardedMethod || path !== forwardedTarget || sent.body !== forwarded.body) return false;
  const hostOf = ({ fields }: Message): string[] =>
    fields.flatMap(([name, value]) => (name === 'host' ? [value] : []));
  // One of HTTP/1.0 may name its host in the target alone.
  const named =
    hostOf(sent).length === 1 ||
    (hostOf(sent).length === 0 && /^http:/i.test(target!) && / HTTP\/1\.0$/.test(sent.start));
  return hostOf(forwarded).length === 1 && named;
}

/** Set by the proxy whatever the client says. */
const set: Readonly<Record<string, RegExp>> = {
  host: /./,
  'x-forwarded-for': /^127\.0\.0\.1$/,
  'x-forwarded-proto': /^http$/,
  'x-forwarded-host': /./,
  'x-forwarded-port': /^\d+$/,
  'x-real-ip': /^127\.0\.0\.1$/,
  forwarded: /^for=127\.0\.0\.1;host="[^"]*";proto=http$/,
  'x-portolan-hop': /\btest-proxy$/,
};
/** Of one hop, or another name of what is set. */
const never =
  /^(keep-alive|proxy-connection|proxy-authenticate|proxy-authorization|proxy|upgrade|http2-settings|trailer)$/;
const alias = (name: string): boolean => {
  const dashed = name.replace(/[^a-z0-9]/g, '-');
  return (
    (dashed !== name && (dashed in set || dashed === 'content-length' || dashed === 'transfer-encoding')) ||
    (dashed.startsWith('x-forwarded-') && !(name in set))
  );
};

/** A field, or a trailer, that should not have been forwarded, or not so; null for none. */
function oddField(sent: Message, forwarded: Message): string | null {
  // A length goes on without leading zeros, and in no other form.
  const given = new Set(
    sent.fields.map(
      ([name, value]) => `${name}: ${name === 'content-length' ? value.replace(/^0+(?=\d)/, '') : value}`,
    ),
  );
  // The one upgrade that goes on (RFC 6455 4.1).
  const webSocket =
    /^GET .* HTTP\/1\.1$/.test(sent.start) && sent.body === '' && given.has('upgrade: websocket');
  const seen = new Set<string>();
  for (const [name, value] of forwarded.fields) {
    const rule = set[name];
    const twice =
      seen.has(name) && (rule !== undefined || name === 'content-length' || name === 'transfer-encoding');
    seen.add(name);
    if (twice) return `${name} was forwarded twice`;
    if (webSocket && /^(upgrade: websocket|connection: Upgrade)$/.test(`${name}: ${value}`)) continue;
    if (never.test(name) || alias(name)) return `${name} was forwarded`;
    const ours =
      rule?.test(value) ??
      ((name === 'transfer-encoding' && value === 'chunked') ||
        (name === 'te' && value === 'trailers') ||
        (name === 'connection' && value === 'TE') ||
        (name === 'expect' && value === '100-continue') ||
        given.has(`${name}: ${value}`));
    if (!ours) return `${name}: ${value} was forwarded, but not sent so`;
  }
  const missing = Object.keys(set).find((name) => !seen.has(name));
  if (missing !== undefined) return `${missing} is missing`;
  const last = new Set(sent.trailers.map(([name, value]) => `${name}: ${value}`));
  const odd = forwarded.trailers.find(
    ([name, value]) =>
      !last.has(`${name}: ${value}`) ||
      /^(host|content-length|transfer-encoding|cookie|set-cookie)$/.test(name) ||
      alias(name),
  );
  return odd === undefined ? null : `${odd.join(': ')} was forwarded as a trailer`;
}
