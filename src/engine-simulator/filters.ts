/** The `filters` of lists and of the event stream, as the Docker API reads them. */
import { Refusal } from './http.ts';

export interface Filters {
  /** What was given for a name; null if nothing was. */
  values(name: string): readonly string[] | null;
  /** Without such a filter, or when one of its values passes. */
  some(name: string, passes: (value: string) => boolean): boolean;
  /** As `some`, for all of its values. */
  every(name: string, passes: (value: string) => boolean): boolean;
}

/**
 * @param known other names are refused, as the engine does
 * @throws {Refusal}
 */
export function readFilters(text: string | null, known: readonly string[]): Filters {
  const given = parse(text);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Refusal(400, `Invalid filter '${unknown}'`);
  const values = (name: string): readonly string[] | null => {
    const value = given[name];
    if (value === undefined) return null;
    return Array.isArray(value) ? value : Object.keys(value);
  };
  return {
    values,
    some: (name, passes) => values(name)?.some(passes) ?? true,
    every: (name, passes) => values(name)?.every(passes) ?? true,
  };
}

/** Lists (`{"name": ["a"]}`), or maps as older clients send them (`{"name": {"a": true}}`). */
function parse(text: string | null): Record<string, string[] | Record<string, boolean>> {
  if (text === null || text === '') return {};
  try {
    return JSON.parse(text) as Record<string, string[] | Record<string, boolean>>;
  } catch (error) {
    throw new Refusal(500, (error as Error).message);
  }
}

/** `key` or `key=value` against labels or attributes. */
export function matchesPair(pair: string, held: Readonly<Record<string, string>>): boolean {
  const at = pair.indexOf('=');
  const key = at === -1 ? pair : pair.slice(0, at);
  return Object.hasOwn(held, key) && (at === -1 || held[key] === pair.slice(at + 1));
}

/** A name filter: a regular expression, as the engine takes it, on names with and without the slash. */
export function matchesName(pattern: string, name: string): boolean {
  const isPlain = /^[\w.-]+$/.test(pattern);
  if (isPlain) return name.includes(pattern);
  const anchored = /^(\^?)\/?([\w.-]*)(\$?)$/.exec(pattern);
  if (anchored === null) return false;
  const [, start, text, end] = anchored;
  if (start !== '' && end !== '') return name === text;
  if (start !== '') return name.startsWith(text!);
  return end === '' ? name.includes(text!) : name.endsWith(text!);
}
