/**
 * Checks what was read against a schema far faster than the schema itself: makes of it, once, a test that says yes only
 * where the schema would give back the very same value. Where it does not say yes, the schema decides, and words the error.
 */
import type { z } from 'zod';

type Check = (value: unknown) => boolean;

/**
 * @returns gives back the value itself if it is surely what the schema would return: the same fields in the same order
 * @throws {ZodError} by what it returns, as the schema does
 */
export function checked(schema: z.ZodType): (value: unknown) => unknown {
  const accepts = checkOf(schema);
  return (value) => (accepts(value) ? value : schema.parse(value));
}

/**
 * @returns whether a value that came from JSON is accepted as it is
 * @throws {TypeError} the schema has a part that is not known here
 */
export function checkOf(schema: z.core.$ZodType): Check {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'unknown':
      return () => true;
    case 'boolean':
      return (value) => typeof value === 'boolean';
    case 'string':
      return all((value) => typeof value === 'string', def.checks);
    case 'number':
      return all((value) => typeof value === 'number' && Number.isFinite(value), def.checks);
    case 'literal':
      return oneOf(def.values);
    case 'enum':
      return oneOf(Object.values(def.entries));
    case 'nullable': {
      const accepts = checkOf(def.innerType);
      return (value) => value === null || accepts(value);
    }
    case 'union': {
      const options = def.options.map(checkOf);
      return (value) => options.some((accepts) => accepts(value));
    }
    case 'array':
      return all(arrayOf(checkOf(def.element)), def.checks);
    case 'tuple':
      if (def.rest !== null) throw unknown('a tuple with a rest');
      return tupleOf(def.items.map(checkOf));
    case 'record':
      return all(recordOf(checkOf(def.keyType), checkOf(def.valueType)), def.checks);
    case 'object':
      if (def.catchall?._zod.def.type !== 'never') throw unknown('an object with further fields');
      return all(objectOf(def.shape), def.checks);
    default:
      throw unknown(`the type ${def.type}`);
  }
}

const unknown = (what: string): TypeError => new TypeError(`no check is known for ${what}`);

function oneOf(values: readonly unknown[]): Check {
  const known = new Set(values);
  return (value) => known.has(value);
}

function arrayOf(accepts: Check): Check {
  return (value) => {
    if (!Array.isArray(value)) return false;
    for (const element of value) if (!accepts(element)) return false;
    return true;
  };
}

const tupleOf = (items: readonly Check[]): Check => {
  return (value) =>
    Array.isArray(value) &&
    value.length === items.length &&
    items.every((accepts, index) => accepts(value[index]));
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function recordOf(acceptsKey: Check, acceptsValue: Check): Check {
  return (value) => {
    if (!isObject(value)) return false;
    for (const key in value) {
      // The schema leaves it out.
      if (key === '__proto__' || !acceptsKey(key) || !acceptsValue(value[key])) return false;
    }
    return true;
  };
}

interface Field {
  readonly name: string;
  readonly accepts: Check;
  readonly optional: boolean;
}

/** Fields in the schema's order, as it gives them back in that order; none that it does not know. */
function objectOf(shape: z.core.$ZodShape): Check {
  const fields = Object.entries(shape).map(([name, schema]): Field => fieldOf(name, schema));
  const { length } = fields;
  return (value) => {
    if (!isObject(value)) return false;
    let next = 0;
    for (const name in value) {
      while (next < length && fields[next]!.name !== name && fields[next]!.optional) next += 1;
      if (next === length || fields[next]!.name !== name || !fields[next]!.accepts(value[name])) return false;
      next += 1;
    }
    while (next < length && fields[next]!.optional) next += 1;
    return next === length;
  };
}

function fieldOf(name: string, schema: z.core.$ZodType): Field {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === 'optional'
    ? { name, accepts: checkOf(def.innerType), optional: true }
    : { name, accepts: checkOf(schema), optional: false };
}

/** The type, and all that the schema asks beyond it. */
function all(accepts: Check, checks: readonly z.core.$ZodCheck[] = []): Check {
  return checks
    .map(conditionOf)
    .reduce((before, condition) => (value) => before(value) && condition(value), accepts);
}

function conditionOf(check: z.core.$ZodCheck): Check {
  const { def } = (check as z.core.$ZodChecks)._zod;
  switch (def.check) {
    case 'min_length':
      return (value) => (value as string | readonly unknown[]).length >= def.minimum;
    case 'greater_than':
      return (value) => (def.inclusive ? value! >= def.value : value! > def.value);
    case 'less_than':
      return (value) => (def.inclusive ? value! <= def.value : value! < def.value);
    case 'number_format':
      if (def.format === 'safeint') return (value) => Number.isSafeInteger(value);
      break;
    case 'string_format':
      return formatOf(def as z.core.$ZodStringFormatChecks['_zod']['def']);
  }
  throw unknown(`the condition ${def.check}`);
}

function formatOf(def: z.core.$ZodStringFormatChecks['_zod']['def']): Check {
  if (def.format === 'regex') {
    const { pattern } = def;
    return (value) => pattern!.test(value as string);
  }
  if (def.format === 'starts_with')
    return (value) => (value as string).startsWith((def as { prefix: string }).prefix);
  throw unknown(`the format ${def.format}`);
}
