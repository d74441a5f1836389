/** The configuration from flags and environment, read once at the edge; a wrong value names the flag, itself and what is allowed. */
import { parseArgs } from 'node:util';
import type { z } from 'zod';
import type { Host } from './events/ids.ts';
import { type logLevels, type Setting, type setting, settings } from './settings.ts';

type LimitName =
  | 'headerBytes'
  | 'headerCount'
  | 'bodyBytes'
  | 'headersTimeout'
  | 'idleTimeout'
  | 'connectTimeout'
  | 'firstByteTimeout'
  | 'connections'
  | 'connectionsPerClient';

export interface Config {
  readonly dataDir: string;
  readonly httpPort: number;
  /** Whether somebody asked for this port; if not, a terminal may fall back to 8000. */
  readonly httpPortGiven: boolean;
  readonly httpHosts: readonly string[];
  readonly apiPort: number;
  readonly apiHost: string;
  readonly dockerHost: string;
  readonly domain: Host;
  readonly expose: 'all' | 'labeled';
  readonly exposeGiven: boolean;
  readonly workers: number | null;
  readonly token: string | null;
  readonly tokenFile: string | null;
  readonly allowedHosts: readonly Host[] | null;
  readonly reach: 'auto' | 'network' | 'published';
  readonly trustedProxies: readonly string[];
  readonly explain: 'local' | 'always' | 'never';
  /** Milliseconds. */
  readonly drain: number;
  /** Whether the port and the log of a Portolan that runs on this data folder are taken over. */
  readonly takeOver: boolean;
  /** What the flags say of the proxy's limits: bytes and milliseconds; 0 is none. */
  readonly limits: Readonly<Record<LimitName, number>>;
  /** A file, `-` for standard output; null for none. */
  readonly accessLog: string | null;
  readonly logLevel: (typeof logLevels)[number];
  readonly logFormat: 'pretty' | 'json' | null;
}

/** A setting that cannot be used: one line, exit code 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Env = Readonly<Record<string, string | undefined>>;

/** @throws {ConfigError} */
export function readConfig(args: readonly string[], env: Env): Config {
  const flags = readFlags(args);
  const flagOf = (one: Setting): string | undefined => (one.flag === null ? undefined : flags[one.flag]);
  const given = (one: Setting): boolean => flagOf(one) !== undefined || !!env[one.env];
  const read = <S extends z.ZodType>(one: ReturnType<typeof setting<S>>): z.output<S> => {
    const flag = flagOf(one);
    const source = flag !== undefined ? `--${one.flag}` : one.env;
    const value = flag ?? (env[one.env] || one.fallback);
    const parsed = one.schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const shown = one === (settings.token as unknown) ? 'too short or not printable' : `"${value}"`;
    throw new ConfigError(`${source} is ${shown}; allowed: ${one.allowed}`);
  };
  const httpHosts = read(settings.httpHost);
  const exposed = httpHosts.some((host) => !isLoopback(host));
  const exposeGiven = given(settings.expose);
  const httpPort = read(settings.httpPort);
  const apiPort = read(settings.apiPort);
  if (apiPort === httpPort && apiPort !== 0)
    throw new ConfigError(`--api-port is "${apiPort}", as --http-port is; allowed: another port`);
  // There is but one value so far: another one is refused.
  read(settings.retention);
  return {
    dataDir: read(settings.dataDir),
    httpPort,
    httpPortGiven: given(settings.httpPort),
    httpHosts: httpHosts.flatMap((host) => (host === 'localhost' ? ['127.0.0.1', '::1'] : [host])),
    apiPort,
    apiHost: read(settings.apiHost),
    dockerHost: read(settings.dockerHost),
    domain: read(settings.domain),
    expose: exposed && !exposeGiven ? 'labeled' : read(settings.expose),
    exposeGiven,
    workers: read(settings.workers),
    token: read(settings.token) || null,
    tokenFile: read(settings.tokenFile) || null,
    allowedHosts: given(settings.allowedHosts) ? read(settings.allowedHosts) : null,
    reach: read(settings.reach),
    trustedProxies: read(settings.trustedProxies),
    explain: read(settings.explain),
    drain: read(settings.drain),
    takeOver: read(settings.takeOver),
    limits: {
      headerBytes: read(settings.maxHeaderBytes),
      headerCount: read(settings.maxHeaderCount),
      bodyBytes: read(settings.maxBodyBytes),
      headersTimeout: read(settings.headersTimeout),
      idleTimeout: read(settings.idleTimeout),
      connectTimeout: read(settings.connectTimeout),
      firstByteTimeout: read(settings.firstByteTimeout),
      connections: read(settings.maxConnections),
      connectionsPerClient: read(settings.maxConnectionsPerClient),
    },
    accessLog: read(settings.accessLog) || null,
    logLevel: read(settings.logLevel),
    logFormat: read(settings.logFormat) || null,
  };
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.');

/** The flags with their defaults, for `--help`. */
export function usage(): string {
  const said = (one: Setting): string => {
    if (one.flag === settings.takeOver.flag) return 'takes no value: the port and the log of one that runs';
    return `${one.allowed}${one.fallback === '' ? '' : ` (${one.fallback})`}`;
  };
  const lines = Object.values(settings).flatMap((one) =>
    one.flag === null ? [] : [`  --${one.flag.padEnd(26)} ${said(one)}`],
  );
  return [
    'usage: portolan serve [flags]   (in a checkout: npm start -- [flags])',
    '',
    ...lines,
    '',
    'Each may stand in the environment, too: PORTOLAN_HTTP_PORT for --http-port, DOCKER_HOST for --docker-host. The flag wins.',
  ].join('\n');
}

/** Their names, with the dashes. */
export const serveFlags = (): string[] => flagNames().map((name) => `--${name}`);

const flagNames = (): string[] =>
  Object.values(settings).flatMap((one) => (one.flag === null ? [] : [one.flag]));

function readFlags(args: readonly string[]): Readonly<Record<string, string | undefined>> {
  const names = flagNames();
  const typeOf = (name: string) => (name === settings.takeOver.flag ? 'boolean' : 'string');
  const options = Object.fromEntries(names.map((name) => [name, { type: typeOf(name) } as const]));
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const extra = positionals.find((word, index) => !(index === 0 && word === 'serve'));
    if (extra !== undefined)
      throw new ConfigError(`"${extra}" is not understood; allowed: ${flagList(names)}`);
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${(error as Error).message.split('. ')[0]}; allowed: ${flagList(names)}`);
  }
}

const flagList = (names: readonly string[]): string => names.map((name) => `--${name}`).join(', ');
