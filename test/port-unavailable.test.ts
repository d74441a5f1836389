/** What is said of a port that cannot be listened on. */
import { expect, test } from 'vitest';
import { explainListen, PortUnavailable } from '../src/port-unavailable.ts';

const failure = (code: string) => Object.assign(new Error(`listen ${code}`), { code });

test('a port that is not permitted says whose it is, and how it would be', () => {
  expect(explainListen(failure('EACCES'), 'http', 'port 80')).toMatchObject({
    listener: 'http',
    code: 'not-permitted',
    message: 'port 80 is not permitted for this user',
    hint: expect.stringMatching(/--http-port.*ip_unprivileged_port_start/),
  });
  expect(explainListen(failure('EACCES'), 'api', 'port 81')).toMatchObject({
    listener: 'api',
    hint: expect.stringContaining('--api-port'),
  });
});

test('whatever else the system says of a port has a way out, too, and what the system did not say is left as it is', () => {
  const odd = explainListen(failure('EAFNOSUPPORT'), 'api', '::1:8080');
  expect(odd).toBeInstanceOf(PortUnavailable);
  expect(odd).toMatchObject({ code: 'other', message: '::1:8080 cannot be used (listen EAFNOSUPPORT)' });
  for (const code of ['ERR_WORKER_OUT_OF_MEMORY', 'access-log-unusable']) {
    const error = failure(code);
    expect(explainListen(error, 'http', 'port 80')).toBe(error);
  }
});

test('an address that is not here leads to those that are, and for the proxy to all of them', () => {
  const elsewhere = Object.assign(failure('EADDRNOTAVAIL'), { address: '192.0.2.1' });
  expect(explainListen(elsewhere, 'http', '192.0.2.1:80')).toMatchObject({
    code: 'no-address',
    message: '192.0.2.1 is no address of this machine',
    hint: 'name one of its addresses with --http-host, or 0.0.0.0 for all',
  });
  expect(explainListen(elsewhere, 'api', '192.0.2.1:8080')).toMatchObject({
    hint: 'name one of its addresses with --api-host',
  });
});
