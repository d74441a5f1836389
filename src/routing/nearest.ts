/** Names that somebody may have meant. */

/** The nearest names by Levenshtein distance, nearest first. @param farthest edits at most */
export function nearest(
  name: string,
  names: Iterable<string>,
  farthest = Number.POSITIVE_INFINITY,
  most = 1,
): string[] {
  const found: { readonly name: string; readonly edits: number }[] = [];
  for (const other of names) {
    if (Math.abs(other.length - name.length) > farthest) continue;
    const edits = distance(name, other, farthest);
    if (edits <= farthest) found.push({ name: other, edits });
  }
  found.sort((one, other) => one.edits - other.edits || (one.name < other.name ? -1 : 1));
  return found.slice(0, most).map((one) => one.name);
}

/** What both begin and end with is no edit: most names differ in a few letters. @returns more than `farthest` if it is */
function distance(one: string, other: string, farthest: number): number {
  let start = 0;
  let [oneEnd, otherEnd] = [one.length, other.length];
  while (start < oneEnd && start < otherEnd && one[start] === other[start]) start += 1;
  while (oneEnd > start && otherEnd > start && one[oneEnd - 1] === other[otherEnd - 1]) {
    oneEnd -= 1;
    otherEnd -= 1;
  }
  return levenshtein(one.slice(start, oneEnd), other.slice(start, otherEnd), farthest);
}

/** Row by row; once all of a row is too far, so is the end. */
function levenshtein(one: string, other: string, farthest: number): number {
  const row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const letter = one.charCodeAt(i - 1);
    let diagonal = row[0]!;
    let last = i;
    let least = i;
    row[0] = i;
    for (let j = 1; j <= other.length; j++) {
      const above = row[j]!;
      const change = letter === other.charCodeAt(j - 1) ? diagonal : diagonal + 1;
      last = Math.min(change, above + 1, last + 1);
      diagonal = above;
      row[j] = last;
      if (last < least) least = last;
    }
    if (least > farthest) return least;
  }
  return row[other.length]!;
}
