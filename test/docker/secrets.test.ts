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

/** What nobody without the token may read, in no argument. */
const secret = 'hunter2';
it.each([
  ['a short flag for a password', ['mysql', '-u', 'root', '-p', secret]],
  ['a password beside its flag', ['/usr/bin/mysqldump', `-p${secret}`, 'shop']],
  ['the same of a program that is not known', ['backup', `-pX${secret}`]],
  ['a flag for user and password', ['curl', '-u', `bob:${secret}`, 'http://api']],
  ["a server's own", ['redis-server', '--requirepass', secret]],
  ["a client's", ['redis-cli', '-a', secret]],
  ['a password that begins with a hyphen', ['serve', '--password', `-${secret}`]],
  ['an assignment with spaces', ['serve', `PASSWORD=my ${secret} word`]],
  ['a URL', ['serve', `mysql://bob:${secret}@db/shop`]],
  ['a URL with a password of odd characters', ['serve', `postgres://bob:a/b@${secret}@db/shop`]],
  ['a header', ['curl', '-H', `Authorization: Bearer ${secret}`, 'http://api']],
  ['a header of its own', ['curl', '-H', `X-Api-Key: ${secret}`]],
  ['JSON', ['serve', `{"name":"shop","password": "${secret}"}`]],
  ['what a shell runs', ['sh', '-c', `wait-for db; exec serve --password ${secret} --port 80`]],
  ['what a shell runs, quoted', ['sh', '-c', `serve --token 'two ${secret} words' --port 80`]],
  ['what a shell runs after another flag', ['sh', '-c', `serve -v --token ${secret}`]],
  ['an assignment for a shell', ['sh', '-c', `DB_PASSWORD=${secret} serve`]],
  ['a token by itself', ['tunnel', 'run', `eyJhIjoiNzY1${secret}MTIzNDU2Nzg5MDEifQ`]],
  ['a hash of a password', ['serve', `bob:$2y$05$${secret}.........`]],
])('hides a secret in arguments: %s', (_, args) => {
  expect(redactArguments(args).join(' ')).not.toContain(secret);
});

it.each([
  [['/bin/busybox', 'httpd', '-f', '-p', '80', '-h', '/www']],
  [['nginx', '-g', 'daemon off;']],
  [['docker-entrypoint.sh', 'postgres', '-p', '5432:5432']],
  [['java', '-jar', '/app/shop-1.4.2.jar', '-port', '8080']],
  [['sh', '-c', 'while true; do sleep 1; echo "at: $(date)"; done']],
  [['node', '--max-old-space-size', '512', 'src/main.ts', 'https://example.com/a?b']],
  [['registry.example.com/team/shop:1.27', 'sha256:0123']],
])('shows arguments that hold none: %j', (args) => {
  expect(redactArguments(args)).toEqual(args);
});

it.each([
  ['a long word', 'a'.repeat(131_072)],
  ['many schemes', 'a://:'.repeat(26_000)],
  ['a URL of colons', `x://${'a:'.repeat(65_000)}`],
  ['a token of many letters', `Bearer ${'a'.repeat(131_000)}`],
  ['flags and quotes', '--token "'.repeat(14_000)],
  ['quotes alone', `--token ${'"'.repeat(131_000)}x`],
])('what a container puts into arguments or labels to be slow to look through is not: %s', (_, text) => {
  expect(redactArguments([text, 'end']).at(-1)).toBe('end');
  expect(redactPatterns(text)).toEqual(expect.any(String));
  expect(keepLabels({ 'caddy.x': text }, conceal)).toHaveProperty(['caddy.x']);
});

it("takes a command's arguments out of the engine's words, also where it quotes them as a program", () => {
  const redact = createRedact({ cmd: ['serve', '-p', 'hunter2', '--key=abc def'] });
  expect(redact('exec: "hunter2": not found, nor "--key=abc def", nor serve')).toBe(
    'exec: "***": not found, nor "--key=***", nor serve',
  );
  expect(redactPatterns('exec: "serve --password hunter2": executable file not found')).toBe(
    'exec: "serve --password ***": executable file not found',
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
