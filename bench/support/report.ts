/** What a benchmark says: one line a figure, so that two runs can be held side by side. */

export type Figures = Readonly<Record<string, number>>;

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

export function print(title: string, figures: Figures): void {
  console.log(title);
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  for (const [name, value] of Object.entries(figures)) {
    console.log(`  ${name.padEnd(width)}  ${value >= 100 ? value.toFixed(0) : value.toPrecision(3)}`);
  }
}
