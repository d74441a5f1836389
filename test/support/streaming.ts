/** The event stream alone, over a real log on its real threads and a real socket, and clients that read it or do not. */
import type { Server } from 'node:http';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { OpenAPIHono } from '@hono/zod-openapi';
import { eventStream } from '../../src/api/event-stream.ts';
import type { Env } from '../../src/api/guards.ts';
import type { ApiPorts } from '../../src/api/ports.ts';
import type { Log } from '../../src/log/port.ts';
import type { QueryPort } from '../../src/queries/port.ts';

export interface Streaming {
  readonly port: number;
  open(after?: number): Promise<StreamClient>;
  close(): Promise<void>;
}

export interface StreamClient {
  /** Of the last whole event that was read, or the place behind what cannot be read. */
  position(): number;
  /** Events that were read. */
  events(): readonly number[];
  /** Whether each event followed the one before. */
  gapless(): boolean;
  pause(): void;
  resume(): void;
  cut(): void;
}

export async function serveStream(
  log: Pick<Log, 'subscribe' | 'head'>,
  queries: Pick<QueryPort, 'following'>,
): Promise<Streaming> {
  const app = new OpenAPIHono<Env>();
  const status = { subscribe: log.subscribe, log: () => log.head() };
  eventStream(app, { queries, status } as unknown as ApiPorts);
  const listening = Promise.withResolvers<AddressInfo>();
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, listening.resolve) as Server;
  const { port } = await listening.promise;
  return {
    port,
    open: (after = 0) => connect(port, after),
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @param after the position after which to begin */
export function connect(port: number, after: number): Promise<StreamClient> {
  const headers = { 'Last-Event-ID': String(after) };
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path: '/events/stream', headers, agent: false };
    get(options, (answer) => resolve(follow(answer, after))).on('error', reject);
  });
}

function follow(answer: IncomingMessage, after: number): StreamClient {
  let position = after;
  let gapless = true;
  const events: number[] = [];
  let rest = '';
  const take = (chunk: string): void => {
    // As a browser does: only what was ended by an empty line counts.
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop()!;
    for (const block of blocks) {
      const id = Number(/^id: (\d+)$/m.exec(block)?.[1] ?? Number.NaN);
      if (Number.isNaN(id)) continue;
      gapless &&= id === position + 1;
      position = id;
      if (block.includes('data: ')) events.push(id);
    }
  };
  answer.setEncoding('utf8');
  answer.on('error', () => undefined);
  answer.pause();
  return {
    position: () => position,
    events: () => events,
    gapless: () => gapless,
    pause: () => void answer.pause(),
    resume() {
      if (answer.listenerCount('data') === 0) answer.on('data', take);
      answer.resume();
    },
    cut: () => void answer.destroy(),
  };
}
