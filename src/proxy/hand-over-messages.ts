/** What two Portolans say to each other when one takes over from the other: JSON lines over a socket that both own. */
import type { Socket } from 'node:net';
import { z } from 'zod';

/** Of this conversation; another version is refused. */
export const protocol = 1;

const trustSchema = z.enum(['holding', 'unconfirmed', 'distrusted', 'confirmed']);
const portSchema = z.int().min(0).max(65_535);

const hereSchema = z.object({
  kind: z.literal('here'),
  protocol: z.literal(protocol),
  pid: z.int(),
  version: z.string(),
  /** That the proxy listens on. */
  port: portSchema,
  apiPort: portSchema,
  trust: trustSchema,
});
export type Here = z.infer<typeof hereSchema>;

export const toSuccessorSchema = z.discriminatedUnion('kind', [
  hereSchema,
  z.object({ kind: z.literal('refused'), reason: z.string() }),
  /** The log goes up to here. */
  z.object({ kind: z.literal('position'), position: z.int() }),
  z.object({ kind: z.literal('trust'), trust: trustSchema }),
  /** The log is closed and its lock free, and so are the API's port and the claim on the proxy's. */
  z.object({ kind: z.literal('released') }),
]);
export type ToSuccessor = z.infer<typeof toSuccessorSchema>;

export const toPredecessorSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('take-over'), protocol: z.int(), pid: z.int() }),
  /** Its workers listen. */
  z.object({ kind: z.literal('serving') }),
]);
export type ToPredecessor = z.infer<typeof toPredecessorSchema>;

/** Longer lines are nobody's. */
const longest = 65_536;

/** Hands each line's value on; `onWrong` is told of the first that is no JSON or throws, and nothing after it is read. */
export function lines(socket: Socket, onLine: (value: unknown) => void, onWrong: () => void): void {
  let rest = '';
  let wrong = false;
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    if (wrong) return;
    const parts = (rest + text).split('\n');
    rest = parts.pop()!;
    try {
      for (const part of parts) onLine(JSON.parse(part));
      if (rest.length > longest) throw new RangeError('the line is too long');
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof z.ZodError || error instanceof RangeError))
        throw error;
      wrong = true;
      onWrong();
    }
  });
}
