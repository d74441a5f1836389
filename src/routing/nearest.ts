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
    const edits = distance(name, other);
    if (edits <= farthest) found.push({ name: other, edits });
  }
  found.sort((one, other) => one.edits - other.edits || (one.name < other.name ? -1 : 1));
  return found.slice(0, most).map((one) => one.name);
}

/** What both begin and end with is no edit: most names differ in a few letters. */
function distance(one: string, other: string): number {
  let start = 0;
  let [oneEnd, otherEnd] = [one.length, other.length];
  while (start < oneEnd && start < otherEnd && one[start] === other[start]) start += 1;
  while (oneEnd > start && otherEnd > start && one[oneEnd - 1] === other[otherEnd - 1]) {
    oneEnd -= 1;
    otherEnd -= 1;
  }
  return levenshtein(one.slice(start, oneEnd), other.slice(start, otherEnd));
}

function levenshtein(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const change = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}
