/** Tries the API's port before anything is started or recorded: a taken one must leave no half start. */
import { createServer } from 'node:net';

export class ApiPortUnavailable extends Error {
  override readonly name = 'ApiPortUnavailable';
  readonly code = 'taken';
  readonly hint = 'end that program, or choose another with --api-port or --api-host';
}

/** @throws {ApiPortUnavailable} */
export async function probeApiPort(host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${error.message})`;
      reject(new ApiPortUnavailable(`the port of the API, ${host}:${port}, ${why}`));
    });
    server.listen({ host, port, exclusive: true }, resolve);
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
