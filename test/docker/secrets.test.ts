/** What of labels and env may be kept, and what is taken out of commands and the engine's words. */
import { expect, it } from 'vitest';
import { createRedact, redactArguments, redactPatterns } from '../../src/docker/redact.ts';
import { createConceal, keepEnv, keepLabels } from '../../src/docker/secrets.ts';
import { conceal } from './support.ts';

it.each([
  ['portolan.enable', 'true'],
  ['portolan.routes.auth.host', 'auth.example.com'],
  ['portolan.routes.token.path', '/token'],
  ['traefik.http.routers.web.rule', 'Host(`a.example`)'],
  ['caddy', 'a.example'],
  ['caddy_1.reverse_proxy', '{{upstreams 80}}'],
  ['com.docker.compose.project', 'shop'],
  ['com.docker.compose.project.working_dir', '/srv/shop'],
  ['org.opencontainers.image.authors', 'Basic Books'],
])('keeps %s as it is', (key, value) => {
  expect(keepLabels({ [key]: value }, conceal)).toEqual({ [key]: value });
});

it.each([
  ['maintainer', 'someone'],
  ['my.app/token', 'x'],
  ['caddyfile', 'x'],
  ['traefik.http.middlewares.m.basicauth.users', 'x'],
  ['traefik.http.middlewares.m.forwardAuth.authResponseSecret', 'x'],
  ['traefik.http.middlewares.m.headers.customrequestheaders.Authorization', 'x'],
  ['traefik.http.middlewares.m.plugin.p.apiKey', 'x'],
  ['caddy.basicauth', 'x'],
  ['caddy.handle.basic_auth.bob', 'x'],
  ['caddy.header_up', 'Authorization "Basic dXNlcjpwYXNz"'],
  ['caddy.reverse_proxy', 'http://bob:s3cr3t@upstream'],
  ['caddy.route.bob', '$2a$14$Zkx19XLiW6VYouLHR5NmfO'],
  ['com.docker.compose.secret', 'x'],
  ['portolan.token', 'x'],
])('conceals %s', (key, value) => {
  expect(keepLabels({ [key]: value }, conceal)[key]).toMatch(/^hmac:[0-9a-f]{64}$/);
});

it('equal values stay equal under one key, and nothing else can be told', () => {
  const other = createConceal(Buffer.from('another key'));
  expect(conceal('a')).toBe(conceal('a'));
  expect(conceal('a')).not.toBe(conceal('b'));
  expect(conceal('a')).not.toBe(other('a'));
});

it('keeps env by name, and conceals what may be a credential', () => {
  const env = [
    'PATH=/bin',
    'VIRTUAL_HOST=a.example',
    'VIRTUAL_HOST_PASSWORD=s3cr3t',
    'DB_PASSWORD=s3cr3t',
    'VIRTUAL_PORT=80',
    'VIRTUAL_URL=http://u:p@h',
    'EMPTY',
  ];
  const kept = keepEnv(env, conceal);
  expect(Object.keys(kept)).toEqual(['VIRTUAL_HOST', 'VIRTUAL_HOST_PASSWORD', 'VIRTUAL_PORT', 'VIRTUAL_URL']);
  expect(kept).toMatchObject({ VIRTUAL_HOST: 'a.example', VIRTUAL_PORT: '80' });
  expect(JSON.stringify(kept)).not.toMatch(/s3cr3t|u:p/);
});

it("takes a command's secrets out of the engine's words", () => {
  const redact = createRedact({
    env: { KEY: 'abc', LONG: 'abcdef', N: '1' },
    labels: { mine: 'l4bel', 'portolan.host': 'web' },
  });
  expect(redact('bad abcdef, abc and l4bel at web 1')).toBe('bad ***, *** and *** at web 1');
});

it('hides assignments and passwords in URLs wherever they stand', () => {
  expect(redactPatterns('invalid env "DB_PASSWORD=x y", [TOKEN=abc] at https://bob:pw@host/a?b')).toBe(
    'invalid env "DB_PASSWORD=*** y", [TOKEN=***] at https://***@host/a?b',
  );
});

it('hides the values of credential flags in a command', () => {
  expect(
    redactArguments([
      'serve',
      '--password',
      'x',
      '--api-key=y',
      '-v',
      '--token',
      '--user',
      'bob',
      'A=b',
      'plain',
    ]),
  ).toEqual([
    'serve',
    '--password',
    '***',
    '--api-key=***',
    '-v',
    '--token',
    '--user',
    '***',
    'A=***',
    'plain',
  ]);
});
