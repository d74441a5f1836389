/** Whether others on this machine can read the API's token, which is root on it. */
import { existsSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { userName } from './accounts.ts';
import { type Finding, found } from './finding.ts';

const finding = found('token');
/** Of Docker and of Podman. */
const containerMarks = ['/.dockerenv', '/run/.containerenv'];

/** @param inContainer then nobody else is there, and secrets are readable by all by default */
export function checkToken(
  path: string,
  inContainer = containerMarks.some((mark) => existsSync(mark)),
): Finding {
  let is: Stats | undefined;
  try {
    is = statSync(path, { throwIfNoEntry: false });
  } catch {
    return finding('skipped', `${path} is out of reach for this user.`);
  }
  if (is === undefined) return finding('skipped', `there is no ${path} yet: the first start makes it.`);
  if (inContainer) return finding('ok', "only this container's own processes see the token.");
  const owner = userName(is.uid);
  const mend = [`chmod 600 ${path}`, 'for a new token: remove the file and start Portolan again'];
  if ((is.mode & 0o004) !== 0 && isOpen(dirname(resolve(path))))
    return finding('problem', `everybody on this machine can read ${path}, and command containers.`, mend);
  if ((is.mode & 0o004) !== 0)
    return finding('note', `only the folders around ${path} keep others from reading it.`, mend);
  if ((is.mode & 0o040) !== 0)
    return finding('note', `the group of ${path} can read it, and command containers.`, mend);
  return finding('ok', `only ${owner} can read the token.`);
}

/** Whether others get through the folder and all above it. */
const isOpen = (folder: string): boolean =>
  (statSync(folder).mode & 0o001) !== 0 && (dirname(folder) === folder || isOpen(dirname(folder)));
