/** Names that somebody may have meant. */
import { createEdits } from './edits.ts';

interface Found {
  readonly name: string;
  readonly edits: number;
}

/** The nearest names by Levenshtein distance, nearest first. @param farthest edits at most */
export function nearest(
  name: string,
  names: Iterable<string>,
  farthest = Number.POSITIVE_INFINITY,
  most = 1,
): string[] {
  const editsTo = createEdits(name);
  const found: Found[] = [];
  let bound = farthest;
  for (const other of names) {
    if (Math.abs(other.length - name.length) > bound) continue;
    const edits = editsTo(other, bound);
    if (edits > bound) continue;
    found.push({ name: other, edits });
    if (found.length <= most) continue;
    found.sort(byDistance).pop();
    bound = found.at(-1)!.edits;
  }
  return found.sort(byDistance).map((one) => one.name);
}

const byDistance = (one: Found, other: Found): number =>
  one.edits - other.edits || (one.name < other.name ? -1 : 1);
