/** What is said of a port that the API cannot have. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { probeApiPort } from '../../src/api/port-probe.ts';

test('a free port is left free', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  await probeApiPort('127.0.0.1', port);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.close();
});

test('a taken one names the port, and what to do', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(probeApiPort('127.0.0.1', port)).rejects.toMatchObject({
    code: 'taken',
    message: `the port of the API, 127.0.0.1:${port}, is taken by another program`,
    hint: expect.stringContaining('--api-port'),
  });
  server.close();
});

test('an address of another machine is not said to be taken', async () => {
  await expect(probeApiPort('192.0.2.77', 0)).rejects.toMatchObject({
    code: 'no-address',
    message: '192.0.2.77 is no address of this machine',
    hint: 'name one of its addresses with --api-host',
  });
});
