/** Hazard: a Transfer-Encoding that one server obeys and the next one overlooks (CL.TE, TE.CL, TE.TE). */
import { expect } from 'vitest';
import { describeRequests, H } from './cases.ts';

const smuggled = '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: web.docker.localhost\r\n\r\n';
const hidden = 'GET /smuggled HTTP/1.1\r\nHost: web.docker.localhost\r\n\r\n';
/** Of HTTP/2, as some clients make with their first request. */
const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n';
const refused = (name: string, fields: string, status: number, version = '1.1', method = 'POST') => ({
  name,
  send: `${method} / HTTP/${version}\r\n${H}${fields}\r\n${smuggled}`,
  status,
  closes: true,
});

describeRequests('Transfer-Encoding', [
  refused('after a Content-Length', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', 400),
  refused('before a Content-Length', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', 400),
  refused('with a Content-Length of 0', 'Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', 400),
  refused('an unknown one with a Content-Length', 'Content-Length: 5\r\nTransfer-Encoding: x\r\n', 400),
  refused('twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', 400),
  refused('chunked, then identity', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', 400),
  refused('identity, then chunked', 'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n', 501),
  refused('a list that ends in chunked', 'Transfer-Encoding: gzip, chunked\r\n', 501),
  refused('a list that does not end in chunked', 'Transfer-Encoding: chunked, gzip\r\n', 400),
  refused('chunked listed twice', 'Transfer-Encoding: chunked, chunked\r\n', 400),
  refused('an empty item before it', 'Transfer-Encoding: , chunked\r\n', 501),
  refused('an unknown coding', 'Transfer-Encoding: gzip\r\n', 501),
  refused('identity', 'Transfer-Encoding: identity\r\n', 501),
  refused('a coding that only ends in chunked', 'Transfer-Encoding: xchunked\r\n', 501),
  refused('a coding that only begins with chunked', 'Transfer-Encoding: chunkedx\r\n', 501),
  refused('quotes', 'Transfer-Encoding: "chunked"\r\n', 501),
  refused('a parameter', 'Transfer-Encoding: chunked;q=1\r\n', 501),
  refused('nothing', 'Transfer-Encoding:\r\n', 400),
  refused('a vertical tab before it', 'Transfer-Encoding: \x0bchunked\r\n', 400),
  refused('a form feed after it', 'Transfer-Encoding: chunked\x0c\r\n', 400),
  refused('a tab after it', 'Transfer-Encoding: chunked\t\r\n', 400),
  // The parser lets these end without a body, and would read what comes next as the next request.
  refused('a tab after it, with an offer to upgrade', `${offer}Transfer-Encoding: chunked\t\r\n`, 400),
  refused('tabs after it, with an offer to upgrade', `Transfer-Encoding: chunked \t \r\n${offer}`, 400),
  {
    name: 'beside an offer to upgrade the body stays a body',
    send: `POST / HTTP/1.1\r\n${H}${offer}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    status: 200,
    seen: (request) => expect(request.body).toBe('abc'),
  },
  refused('whitespace before the colon', 'Transfer-Encoding : chunked\r\n', 400),
  refused('on a continued line', 'Transfer-Encoding:\r\n chunked\r\n', 400),
  refused('with a letter that folds to k', 'Transfer-Encoding: chun\xe2\x84\xaaed\r\n', 501),
  refused('in HTTP/1.0', 'Transfer-Encoding: chunked\r\n', 400, '1.0'),
  refused('in HTTP/1.0, kept alive', 'Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n', 400, '1.0'),
  ...['GET', 'DELETE', 'OPTIONS', 'HEAD'].map((method) =>
    refused(`an unknown coding of ${method}`, 'Transfer-Encoding: gzip\r\n', 501, '1.1', method),
  ),
  {
    name: 'a Connection that names it does not take it away',
    send: `POST / HTTP/1.1\r\n${H}Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    status: 200,
    seen(request) {
      expect(request.all('transfer-encoding')).toEqual(['chunked']);
      expect(request.body).toBe('abc');
    },
  },
  {
    name: 'a Connection that names Content-Length does not take it away',
    send: `POST / HTTP/1.1\r\n${H}Connection: Content-Length\r\nContent-Length: 3\r\n\r\nabc`,
    status: 200,
    seen: (request) => expect(request.body).toBe('abc'),
  },
  {
    name: 'another spelling (Transfer_Encoding) is dropped',
    send: `POST / HTTP/1.1\r\n${H}Transfer_Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc`,
    status: 200,
    seen(request) {
      expect(request.all('transfer_encoding')).toEqual([]);
      expect(request.body).toBe('abc');
    },
  },
  // CVE-2026-29057: http-proxy strips the header of these and pipes the bytes all the same.
  ...['DELETE', 'OPTIONS', 'GET', 'POST', 'PUT', 'PATCH'].map((method) => ({
    name: `a chunked body of ${method} stays a body`,
    send: `${method} / HTTP/1.1\r\n${H}Transfer-Encoding: Chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
    status: 200,
    seen(request: { body: string; all(name: string): string[] }) {
      expect(request.all('transfer-encoding')).toEqual(['chunked']);
      expect(request.all('content-length')).toEqual([]);
      expect(request.body).toBe(hidden);
    },
  })),
]);
