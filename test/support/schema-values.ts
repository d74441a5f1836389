/** Values that a schema accepts, or nearly, and ways to spoil them. */
import fc from 'fast-check';
import type { z } from 'zod';

const text = fc.oneof(fc.string(), fc.constantFrom('', '/', '/a', '__proto__', '7', 'constructor'));
const numbers = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(-1, 0, 1, 65535, 65536, 2 ** 53, 1.5));

export function valuesOf(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'string':
      return textOf(schema);
    case 'number':
      return mostly(fc.integer({ min: 1, max: 65535 }), numbers);
    case 'boolean':
      return fc.boolean();
    case 'unknown':
      return fc.jsonValue();
    case 'literal':
      return fc.constantFrom(...def.values);
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries));
    case 'nullable':
      return fc.oneof(fc.constant(null), valuesOf(def.innerType));
    case 'union':
      return fc.oneof(...def.options.map(valuesOf));
    case 'array':
      return fc.array(valuesOf(def.element), { maxLength: 3 });
    case 'tuple':
      return fc.tuple(...def.items.map(valuesOf));
    case 'record':
      return fc.dictionary(text, valuesOf(def.valueType), { maxKeys: 3 });
    case 'object':
      return objectOf(def.shape);
    default:
      throw new TypeError(`no values are known for ${def.type}`);
  }
}

function objectOf(shape: z.core.$ZodShape): fc.Arbitrary<unknown> {
  const fields = Object.entries(shape).map(([name, field]) => {
    const { def } = (field as z.core.$ZodTypes)._zod;
    const optional = def.type === 'optional';
    return { name, optional, values: valuesOf(optional ? def.innerType : field) };
  });
  const values = Object.fromEntries(fields.map((field) => [field.name, field.values]));
  const requiredKeys = fields.filter(({ optional }) => !optional).map(({ name }) => name);
  return fc.record(values, { requiredKeys });
}

function textOf(schema: z.core.$ZodType): fc.Arbitrary<string> {
  const [check] = (schema as z.core.$ZodString)._zod.def.checks ?? [];
  const { pattern } = (check?._zod.def ?? {}) as { readonly pattern?: RegExp };
  return pattern === undefined ? text : mostly(fc.stringMatching(pattern), text);
}

const mostly = <T>(values: fc.Arbitrary<T>, others: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 20, arbitrary: values }, others);

export interface Spoiling {
  /** Which part of which part. */
  readonly path: readonly number[];
  readonly how: 'replace' | 'drop' | 'add' | 'reverse' | 'shadow';
  readonly by: unknown;
}

export const spoilings: fc.Arbitrary<Spoiling> = fc.record({
  path: fc.array(fc.nat(12), { maxLength: 3 }),
  how: fc.constantFrom('replace', 'drop', 'add', 'reverse', 'shadow'),
  by: fc.oneof(numbers, fc.jsonValue()),
});

/** As JSON would give it. */
export function spoiled(value: unknown, { path: [step, ...path], how, by }: Spoiling): unknown {
  if (step === undefined) return how === 'replace' ? by : altered(value, how, by);
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value);
  const chosen = names[step % names.length];
  const parts = Object.entries(value).map(([name, part]) =>
    name === chosen ? [name, spoiled(part, { path, how, by })] : [name, part],
  );
  return Array.isArray(value) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}

function altered(value: unknown, how: Exclude<Spoiling['how'], 'replace'>, by: unknown): unknown {
  if (typeof value !== 'object' || value === null) return by;
  if (Array.isArray(value)) return how === 'drop' ? value.slice(1) : [...value, by];
  const entries = Object.entries(value);
  switch (how) {
    case 'drop':
      return Object.fromEntries(entries.slice(1));
    case 'reverse':
      return Object.fromEntries(entries.reverse());
    case 'add':
      return { ...value, more: by };
    case 'shadow':
      return JSON.parse(JSON.stringify({ ...value, shadow: by }).replace('"shadow"', '"__proto__"'));
    default:
      return how satisfies never;
  }
}
