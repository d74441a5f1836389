/** Levenshtein distances from one name to many, each at most a bound. */

/** @returns the distance to another name, or something above `bound` if it is farther */
export type EditsTo = (other: string, bound: number) => number;

/** Bits of a number that JavaScript reckons with. */
const wordBits = 32;
/** Letters with masks of their own. */
const letters = 128;

export function createEdits(name: string): EditsTo {
  const masks = createMasks(name);
  const row: number[] = [];
  /** What both begin and end with is no edit: most names differ in a few letters. */
  return (other, bound) => {
    let start = 0;
    let [nameEnd, otherEnd] = [name.length, other.length];
    while (start < nameEnd && start < otherEnd && name.charCodeAt(start) === other.charCodeAt(start))
      start += 1;
    while (
      nameEnd > start &&
      otherEnd > start &&
      name.charCodeAt(nameEnd - 1) === other.charCodeAt(otherEnd - 1)
    ) {
      nameEnd -= 1;
      otherEnd -= 1;
    }
    const length = nameEnd - start;
    if (length === 0) return otherEnd - start;
    return masks !== null && length <= wordBits
      ? byWord(masks, { start, length }, other, otherEnd, bound)
      : byRow(name.slice(start, nameEnd), other.slice(start, otherEnd), bound, row);
  };
}

interface Masks {
  /** Of each letter its places in the name, a bit each; one word more than the name has. */
  readonly places: Int32Array;
  readonly words: number;
}

/** Null for a name with other letters. */
function createMasks(name: string): Masks | null {
  const words = Math.ceil(name.length / wordBits) + 1;
  const places = new Int32Array(letters * words);
  for (let at = 0; at < name.length; at += 1) {
    const letter = name.charCodeAt(at);
    if (letter >= letters) return null;
    places[letter * words + (at >>> 5)]! |= 1 << (at & 31);
  }
  return { places, words };
}

/**
 * A whole column in a few steps, each place of it a bit: whether the distance grows or shrinks from the one above
 * (Myers 1999, as Hyyro 2003 tells it).
 * @param part of the name: at most a word of it
 */
function byWord(
  { places, words }: Masks,
  { start, length }: { readonly start: number; readonly length: number },
  other: string,
  otherEnd: number,
  bound: number,
): number {
  const last = 1 << (length - 1);
  const word = start >>> 5;
  const shift = start & 31;
  let [more, less] = [-1, 0];
  let edits = length;
  for (let at = start; at < otherEnd; at += 1) {
    const letter = other.charCodeAt(at);
    const from = letter * words + word;
    const same =
      letter < letters ? (places[from]! >>> shift) | ((places[from + 1]! << 1) << (31 - shift)) : 0;
    const across = (((same & more) + more) ^ more) | same;
    const grows = less | ~(across | more);
    const shrinks = more & across;
    if ((grows & last) !== 0) edits += 1;
    else if ((shrinks & last) !== 0) edits -= 1;
    if (edits - (otherEnd - at - 1) > bound) return bound + 1;
    const down = same | less;
    const shifted = (grows << 1) | 1;
    more = (shrinks << 1) | ~(down | shifted);
    less = shifted & down;
  }
  return edits;
}

/**
 * Row by row, of each only what is near enough to the diagonal to matter (Ukkonen 1985); once all of it is too far, so is the end.
 * @param row room for it, used again and again
 */
function byRow(one: string, other: string, bound: number, row: number[]): number {
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
