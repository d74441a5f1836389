/** Names of users and groups, as people give them in commands. */
import { readFileSync } from 'node:fs';

export const userName = (id: number): string => nameIn('/etc/passwd', id);
export const groupName = (id: number): string => nameIn('/etc/group', id);

/** The number, where it has no name. */
function nameIn(file: string, id: number): string {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.find((line) => line.split(':')[2] === String(id))?.split(':')[0] ?? String(id);
  } catch {
    return String(id);
  }
}
