/** What of an upstream's answer is refused although its parser let it pass: whatever a client could read in two ways. */
import { STATUS_CODES } from 'node:http';
import type { FieldNames } from './field-names.ts';

/** An upstream's answer that cannot be passed on: 502, and the connection is never used again. */
export class BadResponse extends Error {
  override readonly name = 'BadResponse';
  readonly code = 'BAD_RESPONSE';
}

/** @throws {BadResponse} */
export function checkResponse(status: number, rawHeaders: readonly string[], names: FieldNames): void {
  if (status < 100 || status > 999) throw new BadResponse(`the status ${status} is none`);
  if (status === 101) throw new BadResponse('it switched protocols unasked');
  let length: string | null = null;
  let coded = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const { kind } = names(rawHeaders[index]!);
    const value = rawHeaders[index + 1]!;
    if (kind === 'content-length') {
      if (length !== null || !/^\d{1,16}$/.test(value)) throw new BadResponse('its Content-Length is odd');
      length = value;
    } else if (kind === 'transfer-encoding') {
      if (coded || value.toLowerCase() !== 'chunked')
        throw new BadResponse('its Transfer-Encoding is other than chunked');
      coded = true;
    }
  }
  if (coded && length !== null) throw new BadResponse('it has both Content-Length and Transfer-Encoding');
}

/** Node refuses a reason phrase with control characters; the phrase means nothing (RFC 9112 4), so it is replaced. */
export const reasonOf = (status: number, message: string): string =>
  /^[\t\x20-\x7e\x80-\xff]*$/.test(message) ? message : (STATUS_CODES[status] ?? '');
