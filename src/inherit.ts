/** Taking the log over from a Portolan that runs on the same data folder, while our workers serve beside its own. */
import type { TrustKeeper } from './control/trust.ts';
import { openLog } from './log/log.ts';
import type { Log } from './log/port.ts';
import type { Logger } from './observability/logger.ts';
import { migrateConnections } from './proxy/migrating.ts';
import type { Predecessor } from './proxy/take-over.ts';

export interface InheritParts {
  readonly dataDir: string;
  readonly logger: Logger;
  /** Serves what the log has by now. */
  readonly follow: () => void;
  readonly trust: TrustKeeper;
}

/** Milliseconds that a predecessor has to close its log: its drain is not part of it. */
const letGoTimeout = 30_000;

/** Our workers listen: serves from what the predecessor still writes until it lets go, then takes the log. */
export async function inherit(predecessor: Predecessor, parts: InheritParts): Promise<Log> {
  const { dataDir, logger, follow, trust } = parts;
  const restore = migrateConnections();
  if (restore === null)
    logger.warn('connections that wait at this moment may be reset; `portolan doctor` says how to mend it');
  else predecessor.ended.then(restore);
  logger.info({ predecessor: predecessor.pid, version: predecessor.version }, 'taking over');
  const keepUp = (): void => {
    try {
      follow();
    } catch (error) {
      // It is read once more when it is ours, and a fault of then counts.
      logger.warn({ err: error }, 'the log of the running Portolan cannot be followed');
    }
  };
  keepUp();
  await predecessor.letGo((news) => {
    if (news.kind === 'position') keepUp();
    else if (news.kind === 'trust' && news.trust === 'confirmed') trust.confirmed();
    else if (news.kind === 'trust') trust.engineAway();
  }, letGoTimeout);
  const log = await openLog({ dataDir, logger });
  follow();
  return log;
}
