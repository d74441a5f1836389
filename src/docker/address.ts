/** Where the engine is: `DOCKER_HOST` and its TLS variables, parsed as the Docker CLI reads them. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface TlsFiles {
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  /** False only with `DOCKER_CERT_PATH` and no `DOCKER_TLS_VERIFY`, as the Docker CLI has it. */
  readonly verify: boolean;
}

export type EngineAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'tcp';
      /** Without the brackets of an IPv6 literal. */
      readonly host: string;
      readonly port: number;
      readonly tls: TlsFiles | null;
    }
  | {
      readonly kind: 'ssh';
      readonly user: string | null;
      readonly host: string;
      readonly port: number | null;
      /** The remote socket; null for the remote default. */
      readonly path: string | null;
    };

/** `DOCKER_TLS_VERIFY`, `DOCKER_CERT_PATH`. */
export type EngineEnvironment = Readonly<Record<string, string | undefined>>;

const allowed =
  'unix:///PATH, tcp://HOST[:PORT], http://HOST[:PORT], https://HOST[:PORT] or ssh://[USER@]HOST[:PORT]';

/** A value that names no engine. `hint` says what is allowed. */
export class InvalidEngineAddress extends Error {
  override readonly name = 'InvalidEngineAddress';
  readonly code = 'invalid-engine-address';
  readonly hint: string;
  constructor(value: string, problem: string, hint = `allowed: ${allowed}`) {
    super(`${JSON.stringify(value)} ${problem}`);
    this.hint = hint;
  }
}

/** @throws {InvalidEngineAddress} */
export function parseEngineAddress(value: string, env: EngineEnvironment): EngineAddress {
  if (value.startsWith('unix://')) return parseUnix(value);
  const url = URL.parse(value);
  if (url === null || !value.includes('://'))
    throw new InvalidEngineAddress(value, 'is no address of a Docker engine');
  switch (url.protocol) {
    case 'tcp:':
    case 'http:':
    case 'https:':
      return parseTcp(value, url, env);
    case 'ssh:':
      return parseSsh(value, url);
    default:
      throw new InvalidEngineAddress(value, `has the scheme ${url.protocol}// which is not supported`);
  }
}

function parseUnix(value: string): EngineAddress {
  const path = value.slice('unix://'.length);
  if (!path.startsWith('/'))
    throw new InvalidEngineAddress(value, 'needs an absolute path, as in unix:///var/run/docker.sock');
  // sun_path holds 107 bytes and a terminator; a longer one fails later with a bare EINVAL.
  if (Buffer.byteLength(path) > 107)
    throw new InvalidEngineAddress(value, 'is longer than the 107 bytes a socket path may have');
  return { kind: 'unix', path };
}

function parseTcp(value: string, url: URL, env: EngineEnvironment): EngineAddress {
  if (url.hostname === '') throw new InvalidEngineAddress(value, 'names no host');
  if (url.pathname !== '' && url.pathname !== '/')
    throw new InvalidEngineAddress(value, 'must not have a path');
  if (url.username !== '') throw new InvalidEngineAddress(value, 'must not have a user');
  const tls = url.protocol === 'http:' ? null : readTls(value, url.protocol === 'https:', env);
  // WHATWG URLs drop the default port of http and https: the text after the host is empty then.
  const port = url.port === '' ? defaultPort(value, url, tls !== null) : Number(url.port);
  if (port === 0) throw new InvalidEngineAddress(value, 'has the port 0');
  return { kind: 'tcp', host: url.hostname.replace(/^\[|\]$/g, ''), port, tls };
}

function defaultPort(value: string, url: URL, tls: boolean): number {
  if (/:(80|443)\/?$/.test(value)) return url.protocol === 'https:' ? 443 : 80;
  return tls ? 2376 : 2375;
}

function readTls(value: string, wanted: boolean, env: EngineEnvironment): TlsFiles | null {
  const verify = (env['DOCKER_TLS_VERIFY'] ?? '') !== '';
  const folder = env['DOCKER_CERT_PATH'] ?? '';
  if (!wanted && !verify && folder === '') return null;
  if (wanted && !verify && folder === '')
    return { ca: undefined, cert: undefined, key: undefined, verify: true };
  const from = folder === '' ? join(homedir(), '.docker') : folder;
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readPem(value, join(from, name)));
  return { ca, cert, key, verify: verify || folder === '' };
}

function readPem(value: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new InvalidEngineAddress(
      value,
      `is to be reached by TLS, but ${path} cannot be read (${code})`,
      'DOCKER_CERT_PATH names the folder that holds ca.pem, cert.pem and key.pem',
    );
  }
}

function parseSsh(value: string, url: URL): EngineAddress {
  if (url.hostname === '') throw new InvalidEngineAddress(value, 'names no host');
  if (url.password !== '')
    throw new InvalidEngineAddress(value.replace(/:[^:@/]*@/, ':***@'), 'must not have a password');
  // OpenSSH reads a leading dash as an option.
  if (url.hostname.startsWith('-') || url.username.startsWith('-'))
    throw new InvalidEngineAddress(value, 'has a name that begins with a dash');
  return {
    kind: 'ssh',
    user: url.username === '' ? null : decodeURIComponent(url.username),
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? null : Number(url.port),
    path: url.pathname === '' || url.pathname === '/' ? null : url.pathname,
  };
}
