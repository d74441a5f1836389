/** Hazard: a Host that names one site to the proxy and another to the upstream. */
import { expect } from 'vitest';
import { describeRequests } from './cases.ts';

const refused = (name: string, fields: string, version = '1.1') => ({
  name,
  send: `GET / HTTP/${version}\r\n${fields}\r\n`,
  status: 400,
  closes: true,
});
const passed = (name: string, value: string) => ({
  name,
  send: `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`,
  status: 200,
  seen: (request: { all(name: string): string[] }) => expect(request.all('host')).toEqual([value]),
});

describeRequests('Host', [
  passed('in another case, it is passed on as it came', 'WEB.Docker.LOCALHOST'),
  passed('with a port', 'web.docker.localhost:8000'),
  passed('with a trailing dot', 'web.docker.localhost.'),
  passed('with an empty port', 'web.docker.localhost:'),
  refused('none in HTTP/1.1', ''),
  refused('none in HTTP/1.0', '', '1.0'),
  refused('an empty one', 'Host: \r\n'),
  refused('two of them', 'Host: web.docker.localhost\r\nHost: other.docker.localhost\r\n'),
  refused('the same twice', 'Host: web.docker.localhost\r\nHost: web.docker.localhost\r\n'),
  refused('twice in two spellings', 'Host: web.docker.localhost\r\nhOST: web.docker.localhost\r\n'),
  refused('a list', 'Host: web.docker.localhost, other.docker.localhost\r\n'),
  refused('two in one with a space', 'Host: web.docker.localhost other\r\n'),
  refused('with a path', 'Host: web.docker.localhost/x\r\n'),
  refused('with a user', 'Host: user@web.docker.localhost\r\n'),
  refused('with a scheme', 'Host: http://web.docker.localhost\r\n'),
  refused('with a query', 'Host: web.docker.localhost?x\r\n'),
  refused('with quotes', 'Host: "web.docker.localhost"\r\n'),
  refused('with markup', 'Host: <script>\r\n'),
  refused('with a port that is none', 'Host: web.docker.localhost:8x\r\n'),
  refused('with a port too large', 'Host: web.docker.localhost:65536\r\n'),
  refused('with two ports', 'Host: web.docker.localhost:80:80\r\n'),
  refused('an unfinished IPv6 literal', 'Host: [::1\r\n'),
  refused('an empty label', 'Host: web..localhost\r\n'),
  refused('a label over 63 characters', `Host: ${'a'.repeat(64)}.localhost\r\n`),
  refused('over 253 characters', `Host: ${'a.'.repeat(130)}localhost\r\n`),
  refused('bytes beyond ASCII', 'Host: w\xe9b.docker.localhost\r\n'),
  refused('a tab within', 'Host: web\t.docker.localhost\r\n'),
  refused('whitespace before the colon', 'Host : web.docker.localhost\r\n'),
  refused('on a continued line', 'Host:\r\n web.docker.localhost\r\n'),
  refused('first on a continued line', ' Host: web.docker.localhost\r\n'),
  { name: 'one that nobody has', send: 'GET / HTTP/1.1\r\nHost: nobody.example\r\n\r\n', status: 404 },
  { name: 'an address', send: 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', status: 404 },
  { name: 'an IPv6 address', send: 'GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n', status: 404 },
  { name: 'a name of Object.prototype', send: 'GET / HTTP/1.1\r\nHost: __proto__\r\n\r\n', status: 404 },
  { name: 'a name of a method', send: 'GET / HTTP/1.1\r\nHost: constructor\r\n\r\n', status: 404 },
]);
