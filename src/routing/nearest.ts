/** Names that somebody may have meant. */

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
  const row: number[] = [];
  const found: Found[] = [];
  let bound = farthest;
  for (const other of names) {
    if (Math.abs(other.length - name.length) > bound) continue;
    const edits = distance(name, other, bound, row);
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

/** What both begin and end with is no edit: most names differ in a few letters. @returns more than `bound` if it is */
function distance(one: string, other: string, bound: number, row: number[]): number {
  let start = 0;
  let [oneEnd, otherEnd] = [one.length, other.length];
  while (start < oneEnd && start < otherEnd && one.charCodeAt(start) === other.charCodeAt(start)) start += 1;
  while (
    oneEnd > start &&
    otherEnd > start &&
    one.charCodeAt(oneEnd - 1) === other.charCodeAt(otherEnd - 1)
  ) {
    oneEnd -= 1;
    otherEnd -= 1;
  }
  return levenshtein(one.slice(start, oneEnd), other.slice(start, otherEnd), bound, row);
}

/**
 * Row by row, of each only what is near enough to the diagonal to matter (Ukkonen 1985); once all of it is too far, so is the end.
 * @param row room for it, used again and again
 */
function levenshtein(one: string, other: string, bound: number, row: number[]): number {
  const width = other.length;
  for (let j = 0; j <= width; j++) row[j] = j;
  for (let i = 1; i <= one.length; i++) {
    const letter = one.charCodeAt(i - 1);
    const from = Math.max(1, i - bound);
    const to = Math.min(width, i + bound);
    let diagonal = row[from - 1]!;
    let last = from === 1 ? i : Number.POSITIVE_INFINITY;
    let least = last;
    row[from - 1] = last;
    for (let j = from; j <= to; j++) {
      const above = row[j]!;
      const change = letter === other.charCodeAt(j - 1) ? diagonal : diagonal + 1;
      last = Math.min(change, above + 1, last + 1);
      diagonal = above;
      row[j] = last;
      if (last < least) least = last;
    }
    if (least > bound) return least;
  }
  return row[width]!;
}
