/** Finds containers as people name them: by id, by a unique prefix of it, or by a name that one has or had. */
import type { DatabaseFile } from '../db/open.ts';

export interface FoundContainer {
  readonly engine: string;
  readonly id: string;
}

export function createContainerFinder(projections: DatabaseFile): (text: string) => FoundContainer[] {
  const named = projections.prepare('SELECT engine, id FROM container_names WHERE name = ?');
  const byId = projections.prepare('SELECT engine, id FROM containers WHERE id = ?');
  const byPrefix = projections.prepare('SELECT engine, id FROM containers WHERE id >= ? AND id < ? LIMIT 2');
  return (text) => {
    const found = named.all(text) as FoundContainer[];
    if (/^[0-9a-f]{64}$/.test(text)) found.push(...(byId.all(text) as FoundContainer[]));
    else if (/^[0-9a-f]{12,63}$/.test(text)) {
      const prefixed = byPrefix.all(text, `${text}g`) as FoundContainer[];
      if (prefixed.length === 1) found.push(prefixed[0]!);
    }
    return found;
  };
}
