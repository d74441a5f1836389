/**
 * A chunked body that the parser has overlooked. Where a tab follows `chunked`, Node's parser does not know it for that, and
 * takes the tab away before anybody sees it. By itself it refuses such a request; but of one that offers an upgrade it takes
 * all that follows for the other protocol, and lets the request end without a body: what comes next would then be read as
 * the next request.
 */
import type { IncomingMessage } from 'node:http';
import type { Accepted } from './request-check.ts';

// Headers are put together when they are first asked for, which most requests are spared.
export const mayBeOverlooked = (req: IncomingMessage, { chunked, connection }: Accepted): boolean =>
  chunked && req.headers.upgrade !== undefined && /upgrade/i.test(connection);

/**
 * A body without a byte that is there at once is the one sign of it, so a request that has just that is told so, too.
 * @param go as soon as the parser is through with what has come
 */
export function whenParsed(req: IncomingMessage, go: (isOverlooked: boolean) => void): void {
  process.nextTick(() => go(req.complete && req.readableLength === 0));
}
