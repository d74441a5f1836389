/** Latencies in logarithmic buckets, four to an octave: a quantile is right within 19 %, whatever its size. */

const perOctave = 4;
/** From a microsecond to beyond an hour. */
const buckets = 32 * perOctave;

/** Bucket of a time. @param milliseconds not negative */
export const bucketOf = (milliseconds: number): number =>
  Math.min(buckets - 1, Math.max(0, Math.floor(Math.log2(milliseconds * 1_000 + 1) * perOctave)));

/** Upper bound of a bucket, in milliseconds. */
export const boundOf = (bucket: number): number => (2 ** ((bucket + 1) / perOctave) - 1) / 1_000;

/**
 * @param counts by bucket
 * @param share between 0 and 1
 * @returns milliseconds that this share of the times did not exceed; null without any
 */
export function quantile(counts: ReadonlyMap<number, number>, share: number): number | null {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let left = Math.ceil(total * share);
  for (const bucket of [...counts.keys()].sort((one, other) => one - other)) {
    left -= counts.get(bucket)!;
    if (left <= 0) return boundOf(bucket);
  }
  return null;
}
