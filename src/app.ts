/** The composition root: what Portolan is made of, in the order in which it starts. */
import { startAnswering } from './answering.ts';
import type { Config } from './config.ts';
import type { Reach } from './events/decisions.ts';
import type { DataOf } from './events/event.ts';
import { followEngine } from './following.ts';
import { type Managing, type Running, startManaging } from './managing.ts';
import type { Logger } from './observability/logger.ts';
import { type HandOver, offerHandOver } from './proxy/hand-over.ts';
import { startRecording } from './recording.ts';
import { startServing } from './serving.ts';

export interface AppOptions {
  readonly version: string;
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The simulator's way to reach containers, instead of one found out from the engine. */
  readonly reach?: Reach | undefined;
}

export interface App {
  /** Where the proxy listens. */
  readonly addresses: readonly { readonly address: string; readonly port: number }[];
  readonly api: { readonly url: string; readonly signInUrl: string };
  /** Resolves when a successor has taken over and all that ran here has ended. */
  readonly handedOver: Promise<void>;
  /** The access log was moved away: a new file is begun. */
  reopenAccessLog(): void;
  /** Drains, records the stop and closes everything. */
  stop(reason: string): Promise<void>;
}

export async function startApp(config: Config, options: AppOptions): Promise<App> {
  const { logger, version } = options;
  const now = (): number => Date.now();
  const onError = (error: unknown): void => logger.error({ err: error }, 'unexpected failure');
  const given = { config, ...options, now, onError };

  // The log, the table folded from it, and the proxy: it serves from here on.
  let handOver: HandOver | null = null;
  const serving = await startServing(config, logger, {
    history: async (host) => (await answering.queries.history(host, { limit: 3 })).parse().items,
    onTrust: (trust) => handOver?.trust(trust),
  });
  const { log, trust, addresses } = serving;

  // The loop, and the engine: signals and observations in, commands out.
  const onOutageOver = (): void => following.watcher.reconcile();
  const recording = startRecording(serving, { ...given, onOutageOver });
  const following = followEngine(serving, recording, given);

  // The projections, the queries on them and on the log, and the API that asks and commands.
  const answering = startAnswering(serving, recording, config.dataDir, logger);
  const managing = await startManaging({ serving, recording, following, answering }, given);

  // The way out: by a stop, or by a successor that takes port and log over.
  const parts = { serving, recording, following, answering, managing };
  let ending: Promise<void> | null = null;
  const end = (stopped: DataOf<'PortolanStopped'>, idle: number): Promise<void> =>
    (ending ??= shutDown(parts, handOver, config.drain, stopped, idle));
  const handedOver = Promise.withResolvers<void>();
  handOver = await offerHandOver({
    dataDir: config.dataDir,
    logger,
    describe: () => ({
      pid: process.pid,
      version,
      port: addresses[0]!.port,
      apiPort: managing.port,
      trust: trust.current(),
    }),
    refusal: () =>
      ending !== null ? 'it is ending' : recording.loop.writable() ? null : recording.outage.problem(),
    onServing(pid) {
      const stopped = { reason: `process ${pid} took over`, handedOver: true } as const;
      handedOver.resolve(end(stopped, idleAfterHandOver));
    },
  });
  log.subscribe((events) => handOver?.position(events.at(-1)!.position));

  return {
    addresses,
    api: { url: managing.url, signInUrl: managing.signInUrl },
    handedOver: handedOver.promise,
    reopenAccessLog: serving.proxy.reopenAccessLog,
    stop: (reason) => end({ reason }, 0),
  };
}

/** Milliseconds in which clients use their kept connections once more, and are told then that they end. */
const idleAfterHandOver = 1_000;

/**
 * Those who ask for something first, then those who tell, then what records it.
 * @param idle milliseconds for which kept connections may be used still: a successor's are new ones
 */
async function shutDown(
  { serving, recording, following, answering, managing }: Running & { readonly managing: Managing },
  handOver: HandOver | null,
  drain: number,
  stopped: DataOf<'PortolanStopped'>,
  idle: number,
): Promise<void> {
  const drained = serving.proxy.stop(drain, idle);
  handOver?.close();
  await managing.stop();
  await following.stop();
  await recording.stop(stopped);
  await answering.stop();
  following.pulse.stop();
  await serving.log.close();
  handOver?.released();
  await drained;
}
