/** The folder of a log that is to be read. */
import { accessSync, constants, existsSync } from 'node:fs';
import { refuseLost } from '../log/lost-log.ts';
import { logPath } from '../log/path.ts';
import { LogUnusable } from '../log/port.ts';
import { CliFailure, exitCodes } from './failure.ts';

/**
 * @throws {CliFailure} if there is no log, or not for this user, which SQLite would say less plainly
 * @throws {LogUnusable} if there was one
 */
export function requireLog(dataDir: string): string {
  const path = logPath(dataDir);
  try {
    refuseLost(dataDir);
    accessSync(path, constants.R_OK);
    return dataDir;
  } catch (error) {
    if (error instanceof LogUnusable) throw error;
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw notOurs(dataDir, path);
  }
  throw new CliFailure(`there is no log in ${dataDir}`, exitCodes.notFound, [
    'name its folder: --data-dir FOLDER, or PORTOLAN_DATA_DIR',
  ]);
}

const notOurs = (dataDir: string, path: string): CliFailure =>
  new CliFailure(`${existsSync(path) ? path : dataDir} may not be read by this user`, exitCodes.notAllowed, [
    'run it as the user of the service, e.g. with sudo',
  ]);
