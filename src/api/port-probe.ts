/** Tries the API's port before anything is started or recorded: a taken one must leave no half start. */
import { createServer } from 'node:net';

export class ApiPortUnavailable extends Error {
  override readonly name = 'ApiPortUnavailable';
  readonly code: string;
  readonly hint: string;
  constructor(message: string, code: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** @throws {ApiPortUnavailable} */
export async function probeApiPort(host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explain(error, host, port)));
    server.listen({ host, port, exclusive: true }, resolve);
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): ApiPortUnavailable {
  const what = `the port of the API, ${host}:${port},`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new ApiPortUnavailable(
        `${what} is taken by another program`,
        'taken',
        'end that program, or choose another with --api-port or --api-host',
      );
    case 'EADDRNOTAVAIL':
      return new ApiPortUnavailable(
        `${host} is no address of this machine`,
        'no-address',
        'name one of its addresses with --api-host',
      );
    case 'EACCES':
      return new ApiPortUnavailable(
        `${what} is not permitted to this user`,
        'not-permitted',
        'choose one from 1024 on with --api-port',
      );
    default:
      return new ApiPortUnavailable(
        `${what} cannot be used (${error.message})`,
        'other',
        'choose another with --api-port or --api-host',
      );
  }
}
