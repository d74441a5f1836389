/** A socket proxy that lets only reading through, as people put in front of the Docker socket. */

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface GetOnly {
  /** Of its own unix socket. */
  readonly path: string;
  stop(): Promise<void>;
}

/** @param socketPath the engine's */
export async function startGetOnly(socketPath: string): Promise<GetOnly> {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-get-only-'));
  const path = join(folder, 'docker.sock');
  const server = http.createServer(({ method, url, headers }, answer) => {
    if (method !== 'GET' && method !== 'HEAD') {
      answer.writeHead(403, { 'Content-Type': 'text/plain' }).end('<html>403 Forbidden</html>\n');
      return;
    }
    const onward = http.request({ socketPath, method, path: url, headers }, (reply) => {
      answer.writeHead(reply.statusCode!, reply.headers);
      answer.flushHeaders();
      reply.pipe(answer);
      reply.on('error', () => answer.destroy());
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    onward.end();
  });
  await new Promise<void>((resolve) => server.listen({ path, writableAll: true }, resolve));
  // Also for a container's user, who may not be this one.
  chmodSync(folder, 0o755);
  return {
    path,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
