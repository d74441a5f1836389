/** Hazard: a request target in an odd form, routed by one reading and served by another. */
import { expect } from 'vitest';
import { describeRequests, H, host, line } from './cases.ts';

const refused = (name: string, target: string, method = 'GET') => ({
  name,
  send: `${method} ${target} HTTP/1.1\r\n${H}\r\n`,
  status: 400,
  closes: true,
});
const passed = (name: string, target: string, expected = target, method = 'GET') => ({
  name,
  send: `${method} ${target} HTTP/1.1\r\n${H}\r\n`,
  status: 200,
  seen: line(`${method} ${expected} HTTP/1.1`),
});
const paths = 'Host: paths.docker.localhost\r\n';
const ambiguous = (name: string, target: string) => ({
  name: `${name}, on a host with path rules`,
  send: `GET ${target} HTTP/1.1\r\n${paths}\r\n`,
  status: 400,
  closes: true,
});

describeRequests('target form', [
  passed('two slashes are not made one', '//a//b'),
  passed('dot segments stay, on a host without path rules', '/a/../b/./c'),
  passed('encoded slashes and dots stay', '/a%2fb%2e%2e%5cc'),
  passed('an upper-case escape stays', '/%C3%A9%c3%a9'),
  passed('a query with odd characters stays', '/?a=[b]&c={d}|e^f`g"h\'<i>'),
  passed('a query of question marks stays', '/a?b?c??'),
  passed('an empty query stays', '/a?'),
  passed('a path that looks like a URL stays', '/http://other.example/x'),
  passed('a path that looks like an authority stays', '//other.example/x'),
  passed('absolute form becomes origin form', `http://${host}/x?y`, '/x?y'),
  passed('absolute form without a path', `http://${host}`, '/'),
  passed('absolute form with a query and no path', `http://${host}?y`, '/?y'),
  passed('absolute form in another case and with the default port', `HTTP://WEB.docker.localhost:80/x`, '/x'),
  passed('OPTIONS of the server as a whole', '*', '*', 'OPTIONS'),
  passed(
    'OPTIONS in absolute form without a path is of the server as a whole',
    `http://${host}`,
    '*',
    'OPTIONS',
  ),
  refused('* with GET', '*'),
  refused('absolute form of another host', 'http://other.docker.localhost/x'),
  refused('absolute form of another port', `http://${host}:8080/x`),
  refused('absolute form with user and password', `http://user:pass@${host}/x`),
  refused('absolute form that hides a host as user', `http://${host}@other.example/x`),
  refused('absolute form with https', `https://${host}/x`),
  refused('absolute form with another scheme', `ftp://${host}/x`),
  refused('absolute form without a host', 'http:///x'),
  refused('an unfinished IPv6 literal', 'http://['),
  refused('a host that is none', 'http://a b/x'),
  refused('a fragment', '/a#b'),
  refused('a relative path', 'a/b'),
  refused('a backslash first', '\\a'),
  refused('authority form with GET', `${host}:80`),
  refused('raw bytes beyond ASCII', '/caf\xe9'),
  ambiguous('dot segments', '/api/../admin'),
  ambiguous('a dot segment last', '/api/..'),
  ambiguous('a single dot', '/./api'),
  ambiguous('encoded dots', '/api/%2e%2e/admin'),
  ambiguous('half-encoded dots', '/api/.%2E/admin'),
  ambiguous('an encoded slash', '/api%2fadmin'),
  ambiguous('an encoded backslash', '/api%5cadmin'),
  ambiguous('a bare backslash', '/api\\admin'),
  {
    name: 'a dot segment in the query is nobody else’s path, on a host with path rules',
    send: `GET /api?../%2f HTTP/1.1\r\n${paths}\r\n`,
    status: 200,
    seen: (request) => expect(request.line).toBe('GET /api?../%2f HTTP/1.1'),
  },
]);
