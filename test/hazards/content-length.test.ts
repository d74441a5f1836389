/** Hazard: a length that two servers read in two ways, so that one sees a second request where the other sees a body. */
import { expect } from 'vitest';
import { describeRequests, H } from './cases.ts';

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: web.docker.localhost\r\n\r\n';
const refused = (name: string, fields: string, body = smuggled, status = 400) => ({
  name,
  send: `POST / HTTP/1.1\r\n${H}${fields}\r\n${body}`,
  status,
  closes: true,
});

describeRequests('Content-Length', [
  refused('two that differ', 'Content-Length: 0\r\nContent-Length: 10\r\n'),
  refused('the same twice', 'Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'),
  refused('a list that differs', 'Content-Length: 0, 10\r\n'),
  refused('a list of the same', 'Content-Length: 3, 3\r\n', 'abc'),
  refused('a plus sign', 'Content-Length: +3\r\n', 'abc'),
  refused('a minus sign', 'Content-Length: -3\r\n', 'abc'),
  refused('hexadecimal', 'Content-Length: 0x3\r\n', 'abc'),
  refused('an exponent', 'Content-Length: 3e0\r\n', 'abc'),
  refused('a fraction', 'Content-Length: 3.0\r\n', 'abc'),
  refused('a space within', 'Content-Length: 1 3\r\n', 'abc'),
  refused('an underscore within', 'Content-Length: 1_3\r\n', 'abc'),
  refused('text after the number', 'Content-Length: 3abc\r\n', 'abc'),
  refused('text', 'Content-Length: abc\r\n', 'abc'),
  refused('none at all', 'Content-Length: \r\n', 'abc'),
  refused('quotes', 'Content-Length: "3"\r\n', 'abc'),
  refused('digits of another script', 'Content-Length: \xb2\r\n', 'abc'),
  refused('more than 64 bits', 'Content-Length: 99999999999999999999999999\r\n', 'abc'),
  refused('more than a double holds exactly', 'Content-Length: 18446744073709551615\r\n', 'abc'),
  refused('on a continued line', 'Content-Length:\r\n 3\r\n', 'abc'),
  refused('whitespace before the colon', 'Content-Length : 3\r\n', 'abc'),
  refused('a vertical tab before the number', 'Content-Length: \x0b3\r\n', 'abc'),
  {
    name: 'spaces and tabs around the number are none of it',
    send: `POST / HTTP/1.1\r\n${H}Content-Length: \t 3 \t\r\n\r\nabc`,
    status: 200,
    seen(request) {
      expect(request.all('content-length')).toEqual(['3']);
      expect(request.body).toBe('abc');
    },
  },
  {
    name: 'leading zeros mean nothing, and are not passed on: a reader of octal would see the end of the body elsewhere',
    send: `POST / HTTP/1.1\r\n${H}Content-Length: 0010\r\n\r\nabcdefghij`,
    status: 200,
    seen(request) {
      expect(request.all('content-length')).toEqual(['10']);
      expect(request.body).toBe('abcdefghij');
    },
  },
  {
    name: 'a body of GET is passed on with its length',
    send: `GET / HTTP/1.1\r\n${H}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    status: 200,
    seen: (request) => expect(request.body).toBe(smuggled),
  },
  ...['DELETE', 'OPTIONS', 'PATCH', 'PUT'].map((method) => ({
    name: `a body of ${method} is passed on with its length`,
    send: `${method} / HTTP/1.1\r\n${H}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    status: 200,
    seen(request: { body: string; all(name: string): string[] }) {
      expect(request.all('content-length')).toEqual([String(smuggled.length)]);
      expect(request.all('transfer-encoding')).toEqual([]);
      expect(request.body).toBe(smuggled);
    },
  })),
  {
    name: 'a POST without a length has no body',
    send: `POST / HTTP/1.1\r\n${H}\r\n`,
    status: 200,
    seen(request) {
      expect(request.all('transfer-encoding')).toEqual([]);
      expect(request.field('content-length') ?? '0').toBe('0');
    },
  },
  {
    name: 'a POST of length 0 has no body',
    send: `POST / HTTP/1.1\r\n${H}Content-Length: 0\r\n\r\n`,
    status: 200,
    seen: (request) => expect(request.field('content-length')).toBe('0'),
  },
  {
    name: 'a length under another name (Content_Length) is dropped, as CGI-like upstreams would read it',
    send: `POST / HTTP/1.1\r\n${H}Content_Length: 50\r\nContent.Length: 60\r\n\r\n`,
    status: 200,
    seen(request) {
      expect(request.all('content_length')).toEqual([]);
      expect(request.all('content.length')).toEqual([]);
    },
  },
]);
