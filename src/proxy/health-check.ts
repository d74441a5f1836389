/** Two questions to a target: whether it accepts a connection, and whether it answers a path well. */
import { request } from 'node:http';
import type { Target, Traffic } from '../events/decisions.ts';
import { dial } from './dial.ts';

/** Milliseconds that a probe waits for a connection. */
const probeTimeout = 2_000;

export const probe = (target: Target): Promise<boolean> =>
  new Promise((resolve) => {
    dial(target, probeTimeout, (error, socket) => {
      socket.destroy();
      resolve(error === null);
    });
  });

/** Well is 200 to 399 in time. @param host for the `Host` field */
export function check(
  target: Target,
  host: string,
  health: NonNullable<Traffic['health']>,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const sent = request({
    host: target.address,
    port: target.port,
    path: health.path,
    headers: { Host: host, 'User-Agent': 'portolan-health', Connection: 'close' },
    agent: false,
  });
  const timer = setTimeout(() => sent.destroy(), health.timeout);
  const over = (well: boolean): void => {
    clearTimeout(timer);
    resolve(well);
    sent.destroy();
  };
  sent.on('response', ({ statusCode = 0 }) => over(statusCode >= 200 && statusCode < 400));
  sent.on('upgrade', (_, socket) => {
    socket.destroy();
    over(false);
  });
  // After it is over, too: a late failure must not end the process.
  sent.on('error', () => over(false));
  sent.on('close', () => over(false));
  sent.end();
  return promise;
}
