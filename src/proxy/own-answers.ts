/** Answers that the proxy gives instead of an upstream: counted, noted, and with what helps whoever reads the page. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { nearestHosts } from '../routing/nearest.ts';
import type { RoutingTable } from '../routing/table.ts';
import type { Connections } from './connections.ts';
import type { Counters } from './counters.ts';
import { answer, isPageShown, type OwnAnswer } from './error-page.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import type { LastInterval, ProxySettings } from './messages.ts';

export interface OwnAnswers {
  /** Does nothing if an answer has begun. */
  give(req: IncomingMessage, res: ServerResponse, record: ExchangeRecord, reply: OwnAnswer): void;
  /** The same for a host that is not known, or did not answer: a page tells of near ones, and of where it went last. */
  giveForHost(
    req: IncomingMessage,
    res: ServerResponse,
    record: ExchangeRecord,
    reply: OwnAnswer,
    host: string,
  ): void;
}

export interface OwnAnswersOptions {
  readonly settings: ProxySettings;
  readonly counters: Counters;
  readonly connections: Connections;
  readonly table: RoutingTable;
  /** Never rejects. */
  readonly lastIntervals: (host: string) => Promise<readonly LastInterval[]>;
}

/** Hosts among which near ones are looked for at most, as it is done while others wait. */
const searched = 500;

export function createOwnAnswers(options: OwnAnswersOptions): OwnAnswers {
  const { settings, counters, connections, table, lastIntervals } = options;

  function give(req: IncomingMessage, res: ServerResponse, record: ExchangeRecord, reply: OwnAnswer): void {
    if (res.headersSent || res.destroyed) return;
    counters.own(reply.status);
    record.status = reply.status;
    record.reason = reply.sentence;
    if (record.requestId !== null) res.setHeader('X-Request-Id', record.requestId);
    answer(req, res, reply, settings);
    connections.onBroken(req.socket, () => {
      res.end();
      return true;
    });
  }

  /** For a person who may have mistyped. */
  function near(host: string): string[] {
    const known = [...table.hosts.values().take(searched)].filter(({ sentence }) => sentence === '');
    const names = known.map((entry) => entry.host);
    return nearestHosts(host, names);
  }

  return {
    give,
    giveForHost(req, res, record, reply, host) {
      if (reply.status === 404) give(req, res, record, { ...reply, near: () => near(host) });
      else if (reply.status >= 502 && reply.status <= 504 && isPageShown(req, settings))
        void lastIntervals(host).then((intervals) => give(req, res, record, { ...reply, intervals }));
      else give(req, res, record, reply);
    },
  };
}
