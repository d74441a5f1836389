/** Hazard: an OPTIONS or a TRACE that is meant for this proxy goes on for ever (RFC 9110 7.6.2). */
import { expect } from 'vitest';
import { describeRequests, H } from './cases.ts';

const goesOn = (name: string, method: string, fields: string, values: readonly string[]) => ({
  name,
  send: `${method} / HTTP/1.1\r\n${H}${fields}\r\n`,
  status: 200,
  seen: (request: { all(name: string): string[] }) => expect(request.all('max-forwards')).toEqual(values),
});

describeRequests('Max-Forwards', [
  {
    name: '0 of OPTIONS is answered here',
    send: `OPTIONS / HTTP/1.1\r\n${H}Max-Forwards: 0\r\n\r\n`,
    status: 200,
  },
  { name: '0 of OPTIONS * is, too', send: `OPTIONS * HTTP/1.1\r\n${H}Max-Forwards: 0\r\n\r\n`, status: 200 },
  {
    name: '0 of TRACE shows nobody’s Cookie',
    send: `TRACE / HTTP/1.1\r\n${H}Max-Forwards: 0\r\nCookie: smuggled\r\n\r\n`,
    status: 405,
  },
  goesOn('of OPTIONS is one less for the next', 'OPTIONS', 'Max-Forwards: 10\r\n', ['9']),
  goesOn('of TRACE is one less for the next', 'TRACE', 'max-forwards: 1\r\n', ['0']),
  goesOn('given twice counts once, and the least', 'OPTIONS', 'Max-Forwards: 7\r\nMax-Forwards: 3\r\n', [
    '2',
  ]),
  goesOn('that is no number is left as it is', 'OPTIONS', 'Max-Forwards: many\r\n', ['many']),
  goesOn('of any other method means nothing', 'GET', 'Max-Forwards: 0\r\n', ['0']),
  goesOn(
    'that Connection names is for this hop only',
    'GET',
    'Max-Forwards: 3\r\nConnection: max-forwards\r\n',
    [],
  ),
]);
