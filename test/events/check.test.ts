/** The fast check of what is read accepts what the schemas accept, nothing else, and gives back what they would. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { checked, checkOf } from '../../src/events/check.ts';
import { dataSchemas, eventTypes } from '../../src/events/event.ts';
import { currentVersion } from '../../src/events/upcast.ts';
import { spoiled, spoilings, valuesOf } from '../support/schema-values.ts';

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? 'null');

function holdAgainst(schema: z.ZodType, value: unknown): void {
  const expected = schema.safeParse(value);
  const accepted = checkOf(schema)(value);
  // Field by field in the same order, as rows are made of it.
  if (accepted) expect(JSON.stringify(expected.data)).toBe(JSON.stringify(value));
  if (expected.success) expect(checked(schema)(value)).toEqual(expected.data);
  else expect(() => checked(schema)(value)).toThrow(expected.error.message);
}

test.for(eventTypes)('a payload of %s passes if and only if its schema takes it', (type) => {
  const schema = dataSchemas[type];
  fc.assert(
    fc.property(valuesOf(schema), fc.option(spoilings), (value, spoiling) => {
      const stored = asJson(value);
      holdAgainst(schema, spoiling === null ? stored : spoiled(stored, spoiling));
    }),
    { numRuns: 150 },
  );
});

test.for(eventTypes)('a payload of %s that its schema takes as it is passes without asking it', (type) => {
  const schema = dataSchemas[type];
  fc.assert(
    fc.property(valuesOf(schema), (value) => {
      const stored = asJson(value);
      const { success, data } = schema.safeParse(stored);
      if (success && JSON.stringify(data) === JSON.stringify(stored))
        expect(checkOf(schema)(stored)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

const folder = new URL('../fixtures/events/', import.meta.url);

test.for(eventTypes)('%s as it is written passes without asking its schema', (type) => {
  const file = new URL(`${type}.v${currentVersion(type)}.json`, folder);
  expect(checkOf(dataSchemas[type])(JSON.parse(readFileSync(file, 'utf8')))).toBe(true);
});

test('a schema with a part that has no check is refused, not taken for one that fits', () => {
  for (const schema of [
    z.object({ a: z.string() }),
    z.string().email(),
    z.string().trim(),
    z.number().multipleOf(2),
    z.date(),
    z.string().transform((text) => text.length),
    z.strictObject({ a: z.string().default('x') }),
    z.strictObject({ a: z.string() }).refine(() => false),
  ])
    expect(() => checkOf(schema)).toThrow(/no check is known/);
});
