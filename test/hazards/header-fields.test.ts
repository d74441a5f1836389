/** Hazard: header fields that one server takes for two, or for the end of the head. */
import { expect } from 'vitest';
import { describeRequests, H } from './cases.ts';

const refused = (name: string, fields: string, status = 400) => ({
  name,
  send: `GET / HTTP/1.1\r\n${H}${fields}\r\n`,
  status,
  closes: true,
});

describeRequests('header fields', [
  refused('a continued line (obs-fold)', 'X-A: b\r\n c\r\n'),
  refused('a continued line with a tab', 'X-A: b\r\n\tc\r\n'),
  refused('a bare line feed within a value', 'X-A: b\nX-B: smuggled\r\n'),
  refused('a bare carriage return within a value', 'X-A: b\rX-B: smuggled\r\n'),
  refused('a NUL within a value', 'X-A: b\0c\r\n'),
  refused('a control character within a value', 'X-A: b\x01c\r\n'),
  refused('a DEL within a value', 'X-A: b\x7fc\r\n'),
  refused('whitespace before the colon', 'X-A : b\r\n'),
  refused('a tab before the colon', 'X-A\t: b\r\n'),
  refused('whitespace within the name', 'X A: b\r\n'),
  refused('an empty name', ': b\r\n'),
  refused('no colon', 'X-A\r\n'),
  refused('a name with a byte beyond ASCII', 'X-\xc4: b\r\n'),
  refused('a name with brackets', 'X[A]: b\r\n'),
  refused('a name with a NUL', 'X\0A: b\r\n'),
  refused('101 fields', 'X-A: b\r\n'.repeat(100), 431),
  refused('10,000 fields', 'a:\r\n'.repeat(10_000), 431),
  refused('a value over 32 KiB', `X-A: ${'b'.repeat(33_000)}\r\n`, 431),
  refused('a name over 32 KiB', `${'X'.repeat(33_000)}: b\r\n`, 431),
  refused('fields over 32 KiB in all', `X-A: ${'b'.repeat(1_000)}\r\n`.repeat(40), 431),
  {
    name: '100 fields go through',
    send: `GET / HTTP/1.1\r\n${H}${'X-A: b\r\n'.repeat(99)}\r\n`,
    status: 200,
    seen: (request) => expect(request.all('x-a')).toHaveLength(99),
  },
  {
    name: 'repeated fields stay apart and in order',
    send: `GET / HTTP/1.1\r\n${H}X-A: 1\r\nX-B: 2\r\nx-a: 3\r\nCookie: a\r\nCookie: b\r\n\r\n`,
    status: 200,
    seen(request) {
      expect(request.all('x-a')).toEqual(['1', '3']);
      expect(request.all('cookie')).toEqual(['a', 'b']);
    },
  },
  {
    name: 'names keep their case, values their bytes',
    send: `GET / HTTP/1.1\r\n${H}X-CaSe: \xff\xe9 a\tb\r\nX-Empty:\r\n\r\n`,
    status: 200,
    seen(request) {
      expect(request.fields).toContainEqual(['X-CaSe', '\xff\xe9 a\tb']);
      expect(request.fields).toContainEqual(['X-Empty', '']);
    },
  },
  {
    name: 'names of Object.prototype are names like others',
    send: `GET / HTTP/1.1\r\n${H}__proto__: 1\r\nconstructor: 2\r\ntoString: 3\r\nhasOwnProperty: 4\r\n\r\n`,
    status: 200,
    seen(request) {
      expect(request.all('__proto__')).toEqual(['1']);
      expect(request.all('constructor')).toEqual(['2']);
      expect(request.all('toString')).toEqual(['3']);
    },
  },
]);
