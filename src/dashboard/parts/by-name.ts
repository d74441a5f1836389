/** The order of names that people expect: `web-2` comes before `web-10`. */
const collator = new Intl.Collator('en', { numeric: true });

export const byName = (one: string, other: string): number => collator.compare(one, other);
