/** The client of a request, by its peer and by what trusted proxies say. */
import type { IncomingMessage } from 'node:http';
import { type IsTrusted, originOf, peerAddress } from './client.ts';
import type { FieldNames } from './field-names.ts';
import { fieldValue } from './headers.ts';

export type ClientOf = (req: IncomingMessage) => string;

/** The peer, or what trusted proxies say of it. */
export const createClientOf =
  (isTrusted: IsTrusted, names: FieldNames): ClientOf =>
  (req) => {
    const peer = peerAddress(req.socket.remoteAddress);
    const chain = isTrusted(peer) ? fieldValue(req.rawHeaders, 'x-forwarded-for', names) : '';
    return chain === '' ? peer : originOf(chain, peer, isTrusted);
  };
