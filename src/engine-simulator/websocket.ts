/** A WebSocket that sends back what comes (RFC 6455): enough for what a proxy in between can get wrong. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Gate } from './gate.ts';

const closeFrame = 8;
const pingFrame = 9;
const pongFrame = 10;

/** @param head what came after the request's head already */
export function echoWebSocket(req: IncomingMessage, socket: Duplex, head: Buffer, gate: Gate): void {
  socket.on('error', () => socket.destroy());
  const key = req.headers['sec-websocket-key'];
  if (req.headers.upgrade?.toLowerCase() !== 'websocket' || key === undefined) {
    socket.end(
      'HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    );
    return;
  }
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let rest = Buffer.alloc(0);
  const take = async (chunk: Buffer): Promise<void> => {
    await gate.passed();
    rest = Buffer.concat([rest, chunk]);
    for (let frame = readFrame(rest); frame !== null; frame = readFrame(rest)) {
      rest = rest.subarray(frame.length);
      answer(socket, frame);
    }
  };
  // In the order of arrival, also across a pause.
  let order = take(head);
  socket.on('data', (chunk: Buffer) => {
    order = order.then(() => take(chunk));
  });
}

interface Frame {
  /** FIN and opcode, as they came. */
  readonly first: number;
  readonly payload: Buffer;
  /** Of the whole frame. */
  readonly length: number;
}

function answer(socket: Duplex, { first, payload }: Frame): void {
  const opcode = first & 0x0f;
  if (opcode === pongFrame || !socket.writable) return;
  socket.write(makeFrame(opcode === pingFrame ? 0x80 | pongFrame : first, payload));
  if (opcode === closeFrame) socket.end();
}

/** One whole frame of at most 4 GiB, unmasked (RFC 6455 5.2); null while it is incomplete. */
function readFrame(bytes: Buffer): Frame | null {
  if (bytes.length < 2) return null;
  const short = bytes[1]! & 0x7f;
  const start = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < start + 4) return null;
  const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? bytes.readUInt32BE(6) : short;
  const length = start + 4 + size;
  if (bytes.length < length) return null;
  const mask = bytes.subarray(start, start + 4);
  const payload = Buffer.from(bytes.subarray(start + 4, length));
  for (let index = 0; index < size; index++) payload[index]! ^= mask[index % 4]!;
  return { first: bytes[0]!, payload, length };
}

/** As a server sends it: not masked. */
function makeFrame(first: number, payload: Buffer): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.of(first, length), payload]);
  const head = Buffer.alloc(length < 65_536 ? 4 : 10);
  head[0] = first;
  head[1] = length < 65_536 ? 126 : 127;
  if (length < 65_536) head.writeUInt16BE(length, 2);
  else head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}
