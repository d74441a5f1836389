/** The settings by name: flag, environment variable, default, and what is allowed, in words and as a schema. */
import { z } from 'zod';
import type { Host } from './events/ids.ts';
import { parseHost } from './routing/host.ts';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export interface Setting {
  /** Null for what must not stand in a list of processes. */
  readonly flag: string | null;
  readonly env: string;
  readonly fallback: string;
  readonly allowed: string;
  readonly schema: z.ZodType;
}

const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .pipe(z.number().max(65535));
const text = z.string().min(1);
const hostName = z.string().transform((value, context): Host => {
  const host = parseHost(value);
  if (host !== null && !value.includes(':')) return host;
  context.addIssue({ code: 'custom', message: 'no host name' });
  return z.NEVER;
});
const list = <T>(item: z.ZodType<T, string>) =>
  z
    .string()
    .transform((value) =>
      value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(z.array(item));
const cidr = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]);
const address = z.union([z.ipv4(), z.ipv6(), z.literal('localhost')]);
const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const duration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h)$/)
  .transform((value) => Number.parseInt(value, 10) * units[value.replace(/^\d+/, '')]!);

const someTime = duration.pipe(z.number().min(1));
const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,8}$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most));
/** Bytes; `k`, `m` and `g` are powers of 1024. */
const size = (least: number) =>
  z
    .string()
    .regex(/^\d{1,9}[kmg]?$/i)
    .transform(
      (value) =>
        Number.parseInt(value, 10) * 1_024 ** ' kmg'.indexOf(value.replace(/^\d+/, '').toLowerCase() || ' '),
    )
    .pipe(z.number().min(least).max(Number.MAX_SAFE_INTEGER));

export const setting = <S extends z.ZodType>(
  flag: string | null,
  env: string,
  fallback: string,
  allowed: string,
  schema: S,
) => ({ flag, env, fallback, allowed, schema });

export const settings = {
  dataDir: setting('data-dir', 'PORTOLAN_DATA_DIR', './data', 'a folder', text),
  httpPort: setting('http-port', 'PORTOLAN_HTTP_PORT', '80', 'a port from 0 (any) to 65535', port),
  httpHost: setting(
    'http-host',
    'PORTOLAN_HTTP_HOST',
    'localhost',
    'IP addresses, or localhost',
    list(address),
  ),
  apiPort: setting('api-port', 'PORTOLAN_API_PORT', '8080', 'a port from 0 (any) to 65535', port),
  apiHost: setting('api-host', 'PORTOLAN_API_HOST', '127.0.0.1', 'an IP address', address),
  dockerHost: setting(
    'docker-host',
    'DOCKER_HOST',
    'unix:///var/run/docker.sock',
    'unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST',
    z
      .string()
      .regex(/^(unix:\/\/\/.+|(tcp|http|https|ssh):\/\/[^/].*)$/)
      .refine((value) => value.startsWith('unix:') || URL.canParse(value)),
  ),
  domain: setting('domain', 'PORTOLAN_DOMAIN', 'docker.localhost', 'a host name', hostName),
  expose: setting('expose', 'PORTOLAN_EXPOSE', 'all', 'all or labeled', z.enum(['all', 'labeled'])),
  workers: setting('workers', 'PORTOLAN_WORKERS', '', 'a number from 1 to 64', workerCount()),
  token: setting(null, 'PORTOLAN_TOKEN', '', '16 characters or more', z.string().regex(/^(|[!-~]{16,})$/)),
  tokenFile: setting('token-file', 'PORTOLAN_TOKEN_FILE', '', 'a file', z.string()),
  allowedHosts: setting(
    'allowed-hosts',
    'PORTOLAN_ALLOWED_HOSTS',
    '',
    'host names, separated by commas',
    list(hostName),
  ),
  reach: setting(
    'reach',
    'PORTOLAN_REACH',
    'auto',
    'auto, network or published',
    z.enum(['auto', 'network', 'published']),
  ),
  trustedProxies: setting(
    'trusted-proxies',
    'PORTOLAN_TRUSTED_PROXIES',
    '',
    'CIDRs, separated by commas',
    list(cidr),
  ),
  explain: setting(
    'explain',
    'PORTOLAN_EXPLAIN',
    'local',
    'local, always or never',
    z.enum(['local', 'always', 'never']),
  ),
  retention: setting('retention', 'PORTOLAN_RETENTION', 'forever', 'forever', z.literal('forever')),
  drain: setting('drain', 'PORTOLAN_DRAIN', '10s', 'a time such as 500ms, 10s or 2m', duration),
  takeOver: setting(
    'take-over',
    'PORTOLAN_TAKE_OVER',
    'false',
    'true or false',
    z.enum(['true', 'false']).transform((value) => value === 'true'),
  ),
  accessLog: setting('access-log', 'PORTOLAN_ACCESS_LOG', '', 'a file, or - for standard output', z.string()),
  maxHeaderBytes: setting(
    'max-header-bytes',
    'PORTOLAN_MAX_HEADER_BYTES',
    '32k',
    'a size such as 16k',
    size(1_024),
  ),
  maxHeaderCount: setting(
    'max-header-count',
    'PORTOLAN_MAX_HEADER_COUNT',
    '100',
    'a number from 1 to 10000',
    whole(1, 10_000),
  ),
  maxBodyBytes: setting(
    'max-body-bytes',
    'PORTOLAN_MAX_BODY_BYTES',
    '0',
    'a size such as 10m; 0 for no limit',
    size(0),
  ),
  headersTimeout: setting(
    'headers-timeout',
    'PORTOLAN_HEADERS_TIMEOUT',
    '10s',
    'a time of 1ms or more, such as 10s',
    someTime,
  ),
  idleTimeout: setting(
    'idle-timeout',
    'PORTOLAN_IDLE_TIMEOUT',
    '75s',
    'a time of 1ms or more, such as 75s',
    someTime,
  ),
  connectTimeout: setting(
    'connect-timeout',
    'PORTOLAN_CONNECT_TIMEOUT',
    '5s',
    'a time of 1ms or more, such as 5s',
    someTime,
  ),
  firstByteTimeout: setting(
    'first-byte-timeout',
    'PORTOLAN_FIRST_BYTE_TIMEOUT',
    '60s',
    'a time of 1ms or more, such as 60s',
    someTime,
  ),
  maxConnections: setting(
    'max-connections',
    'PORTOLAN_MAX_CONNECTIONS',
    '20000',
    'a number from 1; 0 for what descriptors allow',
    whole(0, 10_000_000),
  ),
  maxConnectionsPerClient: setting(
    'max-connections-per-client',
    'PORTOLAN_MAX_CONNECTIONS_PER_CLIENT',
    '0',
    'a number from 1; 0 for no limit',
    whole(0, 10_000_000),
  ),
  logLevel: setting('log-level', 'PORTOLAN_LOG_LEVEL', 'info', logLevels.join(', '), z.enum(logLevels)),
  logFormat: setting(
    'log-format',
    'PORTOLAN_LOG_FORMAT',
    '',
    'pretty or json',
    z.enum(['', 'pretty', 'json']),
  ),
};

function workerCount() {
  return z
    .string()
    .regex(/^\d{0,2}$/)
    .transform((value) => (value === '' ? null : Number(value)))
    .refine((count) => count === null || (count >= 1 && count <= 64));
}
