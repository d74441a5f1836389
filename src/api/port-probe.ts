/** Tries the API's port before anything is started or recorded: a taken one must leave no half start. */
import { createServer } from 'node:net';
import { explainListen } from '../port-unavailable.ts';

/** @throws {PortUnavailable} */
export async function probeApiPort(host: string, port: number): Promise<void> {
  const server = createServer();
  const what = `the port of the API, ${host}:${port},`;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explainListen(error, 'api', what)));
    server.listen({ host, port, exclusive: true }, resolve);
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
