/** Whether others on this machine can read the API's token, which is root on it. */
import { statSync } from 'node:fs';
import { userName } from './accounts.ts';
import { type Finding, found } from './finding.ts';

const finding = found('token');

export function checkToken(path: string): Finding {
  const is = statSync(path, { throwIfNoEntry: false });
  if (is === undefined) return finding('skipped', `there is no ${path} yet: the first start makes it.`);
  const owner = userName(is.uid);
  const mend = [`chmod 600 ${path}`, 'for a new token: remove the file and start Portolan again'];
  if ((is.mode & 0o004) !== 0)
    return finding('problem', `everybody on this machine can read ${path}, and command containers.`, mend);
  if ((is.mode & 0o040) !== 0)
    return finding('note', `the group of ${path} can read it, and command containers.`, mend);
  return finding('ok', `only ${owner} can read the token.`);
}
