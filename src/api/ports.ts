/** What the API is given: the ports of the other parts, and a few facts. */

import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { CommandPort, JobPort, StatusPort } from '../control/port.ts';
import type { EngineReader } from '../docker/engine.ts';
import type { QueryPort } from '../queries/port.ts';
import type { RoutingTable } from '../routing/table.ts';
import type { Sessions } from './session.ts';
import type { Token } from './token.ts';

/** What each route carried over the last seconds. */
export interface TrafficView {
  readonly seconds: number;
  readonly items: readonly {
    readonly route: string;
    readonly host: string;
    readonly requestsPerSecond: number;
    readonly errorsPerSecond: number;
    readonly p50: number | null;
    readonly p99: number | null;
  }[];
}

export interface ApiPorts {
  readonly commands: CommandPort;
  readonly status: StatusPort;
  readonly queries: QueryPort;
  readonly engine: EngineReader;
  readonly jobs: JobPort;
  /** All of the log as NDJSON; destroyed when somebody reads no more. */
  readonly exportLog: (signal: AbortSignal) => Readable;
  /** The table as the proxy has it. */
  readonly table: () => RoutingTable;
  readonly workers: () => number;
  /** That the proxy listens on. */
  readonly httpPort: number;
  readonly traffic: () => TrafficView;
  /** Whether the proxy listens. */
  readonly listening: () => boolean;
  readonly metrics: Registry;
  readonly token: Token;
  readonly sessions: Sessions;
  readonly version: string;
  readonly startedAt: Date;
  readonly logger: Logger;
}
