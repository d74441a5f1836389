/** Where a request goes: whether it may be served at all, its route in the table, its targets by preference, its headers. */
import type { IncomingMessage } from 'node:http';
import type { Target } from '../events/decisions.ts';
import { type Outcome, outcomeOf } from '../routing/outcome.ts';
import type { RoutingTable } from '../routing/table.ts';
import type { Balancer } from './balance.ts';
import { type IsTrusted, peerAddress } from './client.ts';
import type { OwnAnswer } from './error-page.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import type { FieldNames } from './field-names.ts';
import { isLoop, requestHeaders } from './headers.ts';
import type { ProxyLimits } from './messages.ts';
import { type Accepted, checkRequest } from './request-check.ts';
import type { SentHosts } from './sent-hosts.ts';
import type { ClientOf } from './visitor.ts';

export interface Directions {
  /** @returns what the proxy answers by itself where it may not be served */
  check(req: IncomingMessage): Accepted | OwnAnswer;
  /** Notes what was found, and in which table. */
  find(record: ExchangeRecord, accepted: Accepted): Outcome;
  targetsOf(req: IncomingMessage, record: ExchangeRecord, accepted: Accepted): readonly Target[];
  /** A route that went down while its target was tried has its own sentence. */
  downAnswer(accepted: Accepted, status: number, sentence: string): OwnAnswer;
  /** As the upstream gets them. */
  headersFor(req: IncomingMessage, record: ExchangeRecord, accepted: Accepted): string[];
}

export interface DirectionsOptions {
  readonly limits: ProxyLimits;
  /** Tells this Portolan from others, for finding loops. */
  readonly self: string;
  readonly names: FieldNames;
  readonly hosts: SentHosts;
  readonly table: RoutingTable;
  readonly balancer: Balancer;
  readonly clientOf: ClientOf;
  readonly isTrusted: IsTrusted;
}

export function createDirections(options: DirectionsOptions): Directions {
  const { limits, self, names, hosts, table, balancer, clientOf, isTrusted } = options;

  function find(record: ExchangeRecord, { host, target }: Accepted): Outcome {
    const found = outcomeOf(table, host, target);
    record.position = table.position;
    record.route = found.route ?? null;
    return found;
  }

  return {
    check(req) {
      const accepted = checkRequest(req, names, hosts, limits.headerCount);
      if ('reason' in accepted)
        return { status: accepted.status, sentence: `${accepted.reason}.`, close: true };
      if (isLoop(accepted.hops, self))
        return { status: 508, sentence: 'the request came back to this proxy.' };
      // RFC 9110 7.6.2: then we are the one who is asked.
      if (accepted.maxForwards === 0)
        return {
          status: req.method === 'TRACE' ? 405 : 200,
          sentence: 'the request may go no further (Max-Forwards).',
        };
      if (limits.bodyBytes > 0 && Number(accepted.length ?? 0) > limits.bodyBytes)
        return { status: 413, sentence: `the body is larger than ${limits.bodyBytes} bytes.`, close: true };
      return accepted;
    },
    find,
    targetsOf(req, record, accepted) {
      const found = find(record, accepted);
      if (found.kind !== 'route') return [];
      if (found.route.targets.length < 2) return found.route.targets;
      return balancer.order(found.route, { client: () => clientOf(req), cookie: () => req.headers.cookie });
    },
    downAnswer({ host, target }, status, sentence) {
      const found = status === 503 ? outcomeOf(table, host, target) : null;
      if (found?.kind === 'own') return found;
      return status === 503 ? { status, sentence, retryAfter: 1 } : { status, sentence };
    },
    headersFor(req, { requestId }, accepted) {
      const peer = peerAddress(req.socket.remoteAddress);
      return requestHeaders(req.rawHeaders, accepted, { peer, isTrusted, self, requestId }, names);
    },
  };
}
