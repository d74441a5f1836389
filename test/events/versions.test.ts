/**
 * Logs outlive programs: every version of every payload that was ever written stays readable. A fixture of each stays
 * here for ever, and a schema that changes without a new version is found by its digest.
 */
import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { dataSchemas, eventTypes } from '../../src/events/event.ts';
import { currentVersion, eventTypeOf, upcast } from '../../src/events/upcast.ts';

const folder = new URL('../fixtures/events/', import.meta.url);
const fixture = (file: string): unknown => JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
const files = readdirSync(folder).filter((file) => file !== 'schemas.json');
const digests = fixture('schemas.json') as Record<string, Record<string, string>>;

test('every version of every type has its fixture', () => {
  const wanted = eventTypes.flatMap((type) =>
    Array.from({ length: currentVersion(type) }, (_, index) => `${type}.v${index + 1}.json`),
  );
  expect([...files].sort()).toEqual([...wanted].sort());
});

test.for(files)('%s is read in the current version', (file) => {
  const [name = '', version = ''] = file.split('.');
  const type = eventTypeOf(name);
  if (type === null) throw new Error(`${name} is no event type`);
  const payload = fixture(file);
  const read = upcast(type, Number(version.slice(1)), payload);
  expect(() => dataSchemas[type].parse(read)).not.toThrow();
  if (version === `v${currentVersion(type)}`) expect(read).toEqual(payload);
});

test.for(eventTypes)('the schema of %s changes with a new version only', (type) => {
  const digest = hash('sha256', JSON.stringify(z.toJSONSchema(dataSchemas[type])), 'hex').slice(0, 16);
  const wayOut = `Payloads of ${type} are in logs already. Add an upcaster (src/events/upcast.ts), a fixture
${type}.vN.json of the new version, and its digest "N": "${digest}" to schemas.json; never change an older one.`;
  expect(digests[type]?.[currentVersion(type)], wayOut).toBe(digest);
  expect(Object.keys(digests[type] ?? {})).toHaveLength(currentVersion(type));
});

test('no digest is kept of a type that is gone', () => {
  expect(Object.keys(digests).sort()).toEqual([...eventTypes].sort());
});

test('a payload of a newer version, and one that does not fit its schema, is refused', () => {
  expect(() => upcast('EngineLost', 2, { reason: 'x' })).toThrow(
    /has schema version 2, this Portolan knows 1/,
  );
  expect(() => upcast('EngineLost', 1, { reason: 1 })).toThrow(z.ZodError);
  expect(() => upcast('EngineLost', 1, { reason: 'x', more: 1 })).toThrow(z.ZodError);
  const observed = fixture('ContainerObserved.v1.json') as { spec: object };
  for (const spec of [undefined, null, 'x', {}, { ...observed.spec, more: 1 }]) {
    expect(() => upcast('ContainerObserved', 1, { ...observed, spec })).toThrow(z.ZodError);
  }
});
