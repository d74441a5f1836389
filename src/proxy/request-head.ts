/** The bytes of a request's head, for the upstream. */
import type { UpstreamRequest } from './attempt.ts';

/** @returns latin1, which keeps every byte that the client sent */
export function requestHead({ method, path, headers, body, expectsContinue }: UpstreamRequest): string {
  let text = `${method} ${path} HTTP/1.1\r\n`;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!;
    text += `${name}: ${headers[index + 1]}\r\n`;
    // It is about this hop, which `Connection` has to say (RFC 9110 10.1.4).
    if (name.length === 2 && name.toLowerCase() === 'te') text += 'Connection: TE\r\n';
  }
  if (body !== null && isChunked(headers)) text += 'Transfer-Encoding: chunked\r\n';
  if (expectsContinue) text += 'Expect: 100-continue\r\n';
  return `${text}\r\n`;
}

/** A body without a length: we frame it ourselves. */
export function isChunked(headers: readonly string[]): boolean {
  for (let index = 0; index < headers.length; index += 2)
    if (headers[index] === 'Content-Length') return false;
  return true;
}
