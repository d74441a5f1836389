/** The short form of `npm run fuzz`: the same cases each time. */
import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';
import { readAnswer, readRequest } from './message.ts';

test('what is forwarded, and what comes back, an independent reader reads as the same', async () => {
  const { requests, answers, forwarded, passed, findings } = await fuzz(1, 6_000, 1_500);
  expect(findings).toEqual([]);
  expect(requests).toBeGreaterThan(100);
  expect(answers).toBeGreaterThan(20);
  // Else it would have tried nothing.
  expect(forwarded).toBeGreaterThan(requests / 10);
  expect(passed).toBeGreaterThan(answers / 10);
});

test.each([
  ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'message'],
  ['GET / HTTP/1.1\r\nHost: a\r\n', 'incomplete'],
  ['GET / HTTP/1.1\r\nHost : a\r\n\r\n', 'invalid'],
  ['POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab', 'incomplete'],
  ['POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc', 'invalid'],
  ['POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'invalid'],
  ['POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n', 'message'],
  ['POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n', 'invalid'],
])('the reader reads %j as %s', (text, kind) => {
  expect(readRequest(text).kind).toBe(kind);
});

test('the reader of answers knows that some have no body', () => {
  expect(readAnswer('HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\n', 'GET', false).kind).toBe('message');
  expect(readAnswer('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n', 'HEAD', false).kind).toBe('message');
  expect(readAnswer('HTTP/1.1 200 OK\r\n\r\nabc', 'GET', false).kind).toBe('incomplete');
  expect(readAnswer('HTTP/1.1 200 OK\r\n\r\nabc', 'GET', true)).toMatchObject({ message: { body: 'abc' } });
});
