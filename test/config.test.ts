/** Settings: what flags and environment make of them, and what is said of wrong ones. */
import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig, usage } from '../src/config.ts';
import { defaultLimits } from '../src/proxy/limits.ts';

const read = (args: readonly string[] = [], env: Record<string, string> = {}) => readConfig(args, env);

describe('limits', () => {
  test('are the sane ones where nothing is said', () => {
    const { startGrace: _, holdTimeout: __, ...limits } = defaultLimits;
    expect(read().limits).toEqual(limits);
  });

  test('are taken from flags, else from the environment, in sizes and times as people write them', () => {
    const { limits } = read(
      [
        '--max-header-bytes',
        '16k',
        '--max-body-bytes',
        '2g',
        '--idle-timeout',
        '2m',
        '--max-connections',
        '0',
      ],
      {
        PORTOLAN_MAX_HEADER_BYTES: '8k',
        PORTOLAN_CONNECT_TIMEOUT: '500ms',
        PORTOLAN_MAX_CONNECTIONS_PER_CLIENT: '64',
      },
    );
    expect(limits).toMatchObject({
      headerBytes: 16_384,
      bodyBytes: 2 * 1_024 ** 3,
      idleTimeout: 120_000,
      connectTimeout: 500,
      connections: 0,
      connectionsPerClient: 64,
    });
  });

  test.each([
    ['--max-header-bytes', '1', 'a size such as 16k'],
    ['--max-header-bytes', '16 kB', 'a size such as 16k'],
    ['--max-header-count', '0', 'a number from 1 to 10000'],
    ['--max-body-bytes', '-1', 'a size such as 10m; 0 for no limit'],
    ['--headers-timeout', '0s', 'a time of 1ms or more'],
    ['--idle-timeout', 'soon', 'a time of 1ms or more'],
    ['--max-connections', '1.5', 'a number from 1; 0 for what descriptors allow'],
    ['--max-connections-per-client', 'many', 'a number from 1; 0 for no limit'],
  ])('%s %s is refused with what is allowed', (flag, value, allowed) => {
    expect(() => read([`${flag}=${value}`])).toThrow(ConfigError);
    expect(() => read([`${flag}=${value}`])).toThrow(`${flag} is "${value}"; allowed: ${allowed}`);
  });
});

test('--take-over is a switch, and has a variable for those who cannot give it one', () => {
  expect(read().takeOver).toBe(false);
  expect(read(['--take-over', '--http-port', '81'])).toMatchObject({ takeOver: true, httpPort: 81 });
  expect(read([], { PORTOLAN_TAKE_OVER: 'true' }).takeOver).toBe(true);
  expect(() => read([], { PORTOLAN_TAKE_OVER: '1' })).toThrow(
    'PORTOLAN_TAKE_OVER is "1"; allowed: true or false',
  );
  expect(() => read(['--take-over=yes'])).toThrow(/--take-over.*does not take an argument/);
  expect(usage()).toMatch(/--take-over +takes no value/);
});

test('a wrong value from the environment names the variable', () => {
  expect(() => read([], { PORTOLAN_WORKERS: 'all' })).toThrow(
    'PORTOLAN_WORKERS is "all"; allowed: a number from 1 to 64',
  );
});

test('beyond loopback only labeled containers are exposed, unless somebody says otherwise', () => {
  expect(read().expose).toBe('all');
  expect(read(['--http-host', '0.0.0.0']).expose).toBe('labeled');
  expect(read(['--http-host', '0.0.0.0', '--expose', 'all']).expose).toBe('all');
});

test('an engine address whose port is none, and one port for proxy and API, are wrong settings', () => {
  expect(() => read(['--docker-host', 'tcp://host:99999'])).toThrow(
    /^--docker-host is "tcp:\/\/host:99999"; allowed: unix/,
  );
  expect(() => read(['--http-port', '8000', '--api-port', '8000'])).toThrow(
    '--api-port is "8000", as --http-port is; allowed: another port',
  );
  expect(read(['--http-port', '0', '--api-port', '0'])).toMatchObject({ httpPort: 0, apiPort: 0 });
});

test('the help names every flag', () => {
  for (const flag of ['data-dir', 'access-log', 'max-connections-per-client', 'first-byte-timeout'])
    expect(usage()).toContain(`--${flag} `);
});
