/** DOCKER_HOST and its TLS variables. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { InvalidEngineAddress, parseEngineAddress } from '../../src/docker/address.ts';

it.each([
  ['unix:///var/run/docker.sock', { kind: 'unix', path: '/var/run/docker.sock' }],
  ['tcp://engine.example', { kind: 'tcp', host: 'engine.example', port: 2375, tls: null }],
  ['tcp://127.0.0.1:4243', { kind: 'tcp', host: '127.0.0.1', port: 4243, tls: null }],
  ['tcp://[::1]:2375', { kind: 'tcp', host: '::1', port: 2375, tls: null }],
  ['http://engine:80', { kind: 'tcp', host: 'engine', port: 80, tls: null }],
  ['http://engine', { kind: 'tcp', host: 'engine', port: 2375, tls: null }],
  ['https://engine:443', { kind: 'tcp', host: 'engine', port: 443, tls: { verify: true } }],
  ['https://engine', { kind: 'tcp', host: 'engine', port: 2376, tls: { verify: true } }],
  ['ssh://deploy@engine:2222', { kind: 'ssh', user: 'deploy', host: 'engine', port: 2222, path: null }],
  [
    'ssh://engine/run/docker.sock',
    { kind: 'ssh', user: null, host: 'engine', port: null, path: '/run/docker.sock' },
  ],
])('reads %s', (value, expected) => {
  expect(parseEngineAddress(value, {})).toMatchObject(expected);
});

it.each([
  ['', 'is no address'],
  ['/var/run/docker.sock', 'is no address'],
  ['engine:2375', 'is no address'],
  ['unix://', 'needs an absolute path'],
  ['unix://docker.sock', 'needs an absolute path'],
  [`unix:///${'x'.repeat(120)}`, '107 bytes'],
  ['npipe:////./pipe/docker_engine', 'npipe://'],
  ['ftp://engine', 'ftp://'],
  ['tcp://', 'names no host'],
  ['tcp://engine:0', 'port 0'],
  ['tcp://engine:99999', 'is no address'],
  ['tcp://engine:2375/prefix', 'must not have a path'],
  ['tcp://user@engine', 'must not have a user'],
  ['ssh://-oProxyCommand=evil', 'dash'],
])('refuses %j, naming the value and what is allowed', (value, problem) => {
  const refusal = caught(() => parseEngineAddress(value, {}));
  expect(refusal.message).toContain(problem);
  expect(refusal.message).toContain(JSON.stringify(value));
  expect(refusal.hint).toContain('unix://');
});

it('does not repeat a password that stands in an ssh address', () => {
  const refusal = caught(() => parseEngineAddress('ssh://deploy:s3cr3t@engine', {}));
  expect(refusal.message).not.toContain('s3cr3t');
});

it('reads the client certificate of DOCKER_CERT_PATH, and verifies only if told so, as the Docker CLI does', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-certs-'));
  try {
    for (const name of ['ca.pem', 'cert.pem', 'key.pem']) writeFileSync(join(folder, name), name);
    const env = { DOCKER_CERT_PATH: folder };
    const tls = { ca: Buffer.from('ca.pem'), cert: Buffer.from('cert.pem'), key: Buffer.from('key.pem') };
    expect(parseEngineAddress('tcp://engine:2376', { ...env, DOCKER_TLS_VERIFY: '1' })).toMatchObject({
      tls: { ...tls, verify: true },
    });
    expect(parseEngineAddress('tcp://engine:2376', env)).toMatchObject({ tls: { ...tls, verify: false } });
    expect(parseEngineAddress('http://engine:2375', env)).toMatchObject({ tls: null });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('names the certificate that cannot be read', () => {
  const env = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nonexistent' };
  const refusal = caught(() => parseEngineAddress('tcp://engine:2376', env));
  expect(refusal.message).toContain('/nonexistent/ca.pem');
  expect(refusal.hint).toContain('DOCKER_CERT_PATH');
});

function caught(work: () => unknown): InvalidEngineAddress {
  try {
    work();
  } catch (error) {
    if (error instanceof InvalidEngineAddress) return error;
    throw error;
  }
  throw new Error('it was accepted');
}
