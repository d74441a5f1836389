/** Hazard: a request line that two servers read in two ways. */
import { describeRequests, H, line } from './cases.ts';

const refused = (name: string, send: string, status = 400) => ({ name, send, status, closes: true });

describeRequests('request line', [
  {
    name: 'a plain request goes through',
    send: `GET / HTTP/1.1\r\n${H}\r\n`,
    status: 200,
    seen: line('GET / HTTP/1.1'),
  },
  refused('a bare line feed after it', `GET / HTTP/1.1\n${H}\r\n`),
  refused('bare line feeds throughout', 'GET / HTTP/1.1\nHost: web.docker.localhost\n\n'),
  refused('a bare carriage return after it', `GET / HTTP/1.1\r${H}\r\n`),
  refused('a carriage return within it', `GET /\r/smuggled HTTP/1.1\r\n${H}\r\n`),
  refused('HTTP/0.9', 'GET /\r\n\r\n', 505),
  refused('a version of two digits', `GET / HTTP/1.10\r\n${H}\r\n`),
  refused('HTTP/1.2', `GET / HTTP/1.2\r\n${H}\r\n`),
  refused('HTTP/2.0 in the text form', `GET / HTTP/2.0\r\n${H}\r\n`, 505),
  refused('the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505),
  refused('a version in lower case', `GET / http/1.1\r\n${H}\r\n`),
  // Node's parser takes RTSP's name for HTTP's and does not tell: the upstream gets plain HTTP.
  {
    name: 'RTSP reaches the upstream as HTTP',
    send: `GET /x RTSP/1.0\r\n${H}\r\n`,
    status: 200,
    seen: line('GET /x HTTP/1.1'),
  },
  refused('an RTSP method', `DESCRIBE / RTSP/1.0\r\n${H}\r\n`),
  refused('an RTSP method in HTTP', `DESCRIBE / HTTP/1.1\r\n${H}\r\n`),
  refused('ICE (Icecast), which the parser knows', `SOURCE / ICE/1.0\r\n${H}\r\n`),
  refused('its method in HTTP', `SOURCE / HTTP/1.1\r\n${H}\r\n`),
  refused('no version but headers', `GET /\r\n${H}\r\n`, 505),
  refused('a tab instead of a space', `GET\t/ HTTP/1.1\r\n${H}\r\n`),
  refused('a space before the method', ` GET / HTTP/1.1\r\n${H}\r\n`),
  refused('a method in lower case', `get / HTTP/1.1\r\n${H}\r\n`),
  refused('a method that nobody knows', `SMUGGLE / HTTP/1.1\r\n${H}\r\n`),
  refused('a method with a control character', `GE\x01T / HTTP/1.1\r\n${H}\r\n`),
  refused('a method of 64 KiB', `${'A'.repeat(65_536)} / HTTP/1.1\r\n${H}\r\n`),
  refused('no target', `GET HTTP/1.1\r\n${H}\r\n`),
  refused('a space within the target', `GET /a b HTTP/1.1\r\n${H}\r\n`),
  refused('a NUL within the target', `GET /a\0b HTTP/1.1\r\n${H}\r\n`),
  refused('a DEL within the target', `GET /a\x7fb HTTP/1.1\r\n${H}\r\n`),
  refused('a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'),
  refused('a PROXY protocol line', `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\n${H}\r\n`),
  {
    name: 'empty lines before it are skipped (RFC 9112 2.2)',
    send: `\r\n\r\nGET /x HTTP/1.1\r\n${H}\r\n`,
    status: 200,
    seen: line('GET /x HTTP/1.1'),
  },
  {
    name: 'several spaces reach the upstream as one',
    send: `GET   /x   HTTP/1.1\r\n${H}\r\n`,
    status: 200,
    seen: line('GET /x HTTP/1.1'),
  },
  {
    name: 'an HTTP/1.0 request goes on as HTTP/1.1',
    send: `GET /x HTTP/1.0\r\n${H}\r\n`,
    status: 200,
    seen: line('GET /x HTTP/1.1'),
  },
  refused('CONNECT', `CONNECT example.com:443 HTTP/1.1\r\n${H}\r\n`, 405),
  refused('CONNECT with a path', `CONNECT /x HTTP/1.1\r\n${H}\r\n`, 405),
]);
