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

/** Sends bytes, ends, and waits for the end of the connection. @returns what came back */
export function throwAt(port: number, bytes: string, patience = 1_500): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect({ port, host: '127.0.0.1' });
    const timer = setTimeout(() => socket.destroy(), patience);
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(received);
    });
    socket.end(Buffer.from(bytes, 'latin1'));
  });
}

/** Messages that the reader reads in the client's bytes, up to the first that is none. */
export function intended(bytes: string): Message[] {
  const messages: Message[] = [];
  // Empty lines before a request are passed over (RFC 9112 2.2).
  let rest = bytes.replace(/^[\r\n]+/, '');
  for (;;) {
    const reading = readRequest(rest);
    if (reading.kind !== 'message') return messages;
    messages.push(reading.message);
    rest = reading.message.rest.replace(/^[\r\n]+/, '');
    if (rest === '') return messages;
  }
}

/** Why what was forwarded is not what was meant; null if it is. */
export function disagreement(sent: string, forwarded: ReturnType<Recorder['take']>): string | null {
  const meant = intended(sent);
  const broken = forwarded.find((one) => one.invalid !== null);
  if (broken !== undefined) return `a backend got what is no message: ${broken.invalid}`;
  const messages = forwarded.flatMap((one) => one.messages);
  if (messages.length > meant.length)
    return `${messages.length} messages reached backends, but ${meant.length} were sent: ${messages.map(({ start }) => start).join(' | ')}`;
  const left = [...meant];
  for (const message of messages) {
    // They may go over several connections, but each at most once.
    const at = left.findIndex((one) => sameMeaning(one, message));
    if (at === -1) return `forwarded, but not sent so: ${message.start} with ${JSON.stringify(message.body)}`;
    left.splice(at, 1);
  }
  const rest = forwarded.find((one) => one.rest !== '' && one.messages.length > 0);
  if (rest !== undefined && meant.length < 2) return `more followed a message: ${JSON.stringify(rest.rest)}`;
  return null;
}

function sameMeaning(sent: Message, forwarded: Message): boolean {
  const [method, target] = sent.start.split(/ +/);
  const [forwardedMethod, forwardedTarget] = forwarded.start.split(' ');
  // In absolute form the path may be missing; of OPTIONS it is then `*` (RFC 9112 3.2.4).
  const path = target!.replace(/^http:\/\/[^/?]*/i, '') || (method === 'OPTIONS' ? '*' : '/');
  if (method !== forwardedMethod || path !== forwardedTarget || sent.body !== forwarded.body) return false;
  const hostOf = ({ fields }: Message): string[] =>
    fields.flatMap(([name, value]) => (name === 'host' ? [value] : []));
  // One of HTTP/1.0 may name its host in the target alone.
  const named =
    hostOf(sent).length === 1 ||
    (hostOf(sent).length === 0 && /^http:/i.test(target!) && / HTTP\/1\.0$/.test(sent.start));
  return hostOf(forwarded).length === 1 && named;
}
