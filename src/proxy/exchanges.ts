/** Plain requests from their heads to their ends: each in its turn, answered here or forwarded. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RoutingTable } from '../routing/table.ts';
import type { Arrivals } from './arrivals.ts';
import type { Connections } from './connections.ts';
import type { Counters } from './counters.ts';
import type { Directions } from './directions.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import type { Forward } from './forward.ts';
import type { Hold } from './hold.ts';
import { mayBeOverlooked, whenParsed } from './overlooked-body.ts';
import type { OwnAnswers } from './own-answers.ts';
import type { Recorder } from './recorder.ts';
import type { Accepted } from './request-check.ts';

export interface Exchanges {
  take(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void;
  /** How many are under way. */
  open(): number;
  /** Answers from now on close their connections. */
  startClosing(): void;
}

export interface ExchangesDeps {
  readonly counters: Counters;
  readonly connections: Connections;
  readonly recorder: Recorder;
  readonly directions: Directions;
  readonly answers: OwnAnswers;
  readonly hold: Hold;
  readonly arrivals: Arrivals;
  readonly table: RoutingTable;
  readonly forward: Forward;
}

const overlooked = {
  status: 400,
  sentence: 'it offers an upgrade, and its chunked body is empty or no such body.',
  close: true,
} as const;

export function createExchanges(deps: ExchangesDeps): Exchanges {
  const { counters, connections, recorder, answers, hold, arrivals, table, forward } = deps;
  const { check, find, targetsOf, downAnswer, headersFor } = deps.directions;
  let open = 0;
  let closing = false;

  function take(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    counters.request();
    open += 1;
    const checked = check(req);
    const record = recorder.begin(req, 'sentence' in checked ? null : checked);
    // It comes once; `once` would cost a second closure, and taking it off.
    res.on('close', () => {
      open -= 1;
      recorder.end(record, req, res.writableFinished);
    });
    if (closing) res.shouldKeepAlive = false;
    connections.inTurn(req, res, () => {
      if ('sentence' in checked) answers.give(req, res, record, checked);
      else if (mayBeOverlooked(req, checked))
        whenParsed(req, (isOverlooked) => {
          if (isOverlooked) answers.give(req, res, record, overlooked);
          else begin(req, res, record, checked, expectsContinue);
        });
      else begin(req, res, record, checked, expectsContinue);
    });
  }

  function begin(
    req: IncomingMessage,
    res: ServerResponse,
    record: ExchangeRecord,
    accepted: Accepted,
    expectsContinue: boolean,
  ): void {
    hold.pass(table.trust, () => serve(req, res, record, accepted, expectsContinue));
  }

  function serve(
    req: IncomingMessage,
    res: ServerResponse,
    record: ExchangeRecord,
    accepted: Accepted,
    expectsContinue: boolean,
  ): void {
    if (res.destroyed) return;
    const found = find(record, accepted);
    if (found.kind === 'route') carry(req, res, record, accepted, expectsContinue);
    else
      arrivals.pass(found, {
        host: accepted.host,
        client: res,
        find: () => find(record, accepted),
        go(later) {
          if (later.kind === 'route') carry(req, res, record, accepted, expectsContinue);
          else answers.giveForHost(req, res, record, later, accepted.host);
        },
      });
  }

  function carry(
    req: IncomingMessage,
    res: ServerResponse,
    record: ExchangeRecord,
    accepted: Accepted,
    expectsContinue: boolean,
  ): void {
    const { hasBody, target: path } = accepted;
    const end = forward({
      req,
      res,
      record,
      request: {
        method: req.method ?? 'GET',
        path,
        headers: headersFor(req, record, accepted),
        body: hasBody ? req : null,
        expectsContinue: hasBody && expectsContinue,
      },
      targets: () => targetsOf(req, record, accepted),
      fail: (status, sentence) =>
        answers.giveForHost(req, res, record, downAnswer(accepted, status, sentence), accepted.host),
    });
    connections.onBroken(req.socket, () => {
      end();
      return false;
    });
  }

  return {
    take,
    open: () => open,
    startClosing() {
      closing = true;
    },
  };
}
