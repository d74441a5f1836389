/** What takes requests off the clients' connections: plain ones and those for a WebSocket go by the same directions. */
import type { Socket } from 'node:net';
import type { Arrivals } from './arrivals.ts';
import type { Carriage } from './carriage.ts';
import { createTrustedProxies } from './client.ts';
import type { Connections } from './connections.ts';
import type { Counters } from './counters.ts';
import { createDirections } from './directions.ts';
import { createExchanges } from './exchanges.ts';
import type { FieldNames } from './field-names.ts';
import { createHandshakes } from './handshakes.ts';
import type { Hold } from './hold.ts';
import type { ServerHooks } from './http-server.ts';
import { createOwnAnswers } from './own-answers.ts';
import { createRecorder } from './recorder.ts';
import { createSentHosts } from './sent-hosts.ts';
import type { ServerOptions } from './server.ts';
import type { TrafficNotes } from './traffic.ts';
import { createClientOf } from './visitor.ts';

export interface Intake {
  readonly hooks: ServerHooks;
  /** Plain requests under way. */
  open(): number;
  /** Answers from now on close their connections. */
  startClosing(): void;
}

export interface IntakeParts {
  readonly counters: Counters;
  readonly names: FieldNames;
  readonly connections: Connections;
  readonly carriage: Carriage;
  readonly hold: Hold;
  readonly arrivals: Arrivals;
  readonly traffic: TrafficNotes;
}

export function createIntake(options: ServerOptions, parts: IntakeParts): Intake {
  const { settings, self, now } = options;
  const { counters, names, connections, carriage, hold, arrivals, traffic } = parts;
  const { table } = carriage.held;
  const isTrusted = createTrustedProxies(settings.trustedProxies);
  const clientOf = createClientOf(isTrusted, names);
  const accessLog = options.accessLog ?? null;
  const recorder = createRecorder({ clientOf, traffic, accessLog, isTrusted, now });
  const hosts = createSentHosts();
  const { limits } = settings;
  const { balancer, forward, upgrader } = carriage;
  const directions = createDirections({ limits, self, names, hosts, table, balancer, clientOf, isTrusted });
  const lastIntervals = options.lastIntervals ?? (() => Promise.resolve([]));
  const answers = createOwnAnswers({ settings, counters, connections, table, lastIntervals });
  const shared = { counters, connections, recorder, directions, hold, arrivals, table };
  const exchanges = createExchanges({ ...shared, answers, forward });
  const handshakes = createHandshakes({ ...shared, explain: settings.explain, upgrader });
  const onRawAnswer = (socket: Socket, status: number, sentence: string): void => {
    counters.own(status);
    recorder.unread(socket, status, sentence);
  };
  return {
    hooks: { connections, onRequest: exchanges.take, onUpgrade: handshakes.take, onRawAnswer },
    open: exchanges.open,
    startClosing: exchanges.startClosing,
  };
}
