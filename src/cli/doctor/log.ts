/** Whether the data folder can be written, and the log's chain holds. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import { refuseLost } from '../../log/lost-log.ts';
import { logPath } from '../../log/path.ts';
import { LogUnusable } from '../../log/port.ts';
import { verifyLog } from '../../log/verify-log.ts';
import { userName } from './accounts.ts';
import { type Finding, found } from './finding.ts';

const finding = found('log');

export async function checkLog(
  dataDir: string,
  onProgress: (position: number, head: number) => void,
): Promise<Finding> {
  const refused = refusedFolder(resolve(dataDir));
  if (refused !== null) return refused;
  try {
    refuseLost(dataDir);
    if (!existsSync(logPath(dataDir))) return finding('skipped', `there is no log in ${dataDir} yet.`);
    const { valid, checkedTo, firstBad } = await verifyLog({ dataDir, onProgress });
    if (valid) return finding('ok', `the chain of the log holds up to position ${checkedTo}.`);
    const says = `the log is broken at position ${firstBad!.position}: ${firstBad!.reason}.`;
    return finding('problem', says, [
      'keep the file, and put a backup in its place: docs/operations.md, "Backup and restore"',
      'without one: move the data folder away, and a new history begins',
    ]);
  } catch (error) {
    if (error instanceof LogUnusable) return finding('problem', `${error.message}.`, [error.hint]);
    throw error;
  }
}

function refusedFolder(dataDir: string): Finding | null {
  let folder = dataDir;
  while (!existsSync(folder)) folder = dirname(folder);
  const { username } = userInfo();
  const [owner, isFolder] = [userName(statSync(folder).uid), statSync(folder).isDirectory()];
  if (!isFolder) return finding('problem', `${folder} is no folder.`, ['name another one: --data-dir']);
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return null;
  } catch {
    const elsewhere = 'or name another folder: --data-dir';
    if (folder === dataDir && owner !== username)
      return finding('problem', `${username} may not write ${dataDir}, which is ${owner}'s.`, [
        `if Portolan runs as ${owner}, ask as that user: sudo -u ${owner} portolan doctor --data-dir ${dataDir}`,
        `if it is to run as ${username}: sudo chown -R ${username} ${dataDir}`,
        elsewhere,
      ]);
    return finding('problem', `${username} may not write ${dataDir}.`, [
      // Never the folder above it, which may be anybody's.
      folder === dataDir
        ? `chmod u+rwx ${dataDir}; a file system that is read-only has to be mounted for writing`
        : `sudo install -d -m 700 -o ${username} ${dataDir}`,
      elsewhere,
    ]);
  }
}
