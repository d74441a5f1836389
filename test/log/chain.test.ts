/** The chain's hash, held against its description: computed here by the words of `chain.ts`, and against fixed values. */
import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ChainFields, chainHash, digestPayload, genesis } from '../../src/log/chain.ts';

const field = (value: string | number | bigint | Buffer | null): Buffer => {
  if (value === null) return Buffer.from('-:');
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(String(value), 'utf8');
  return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes]);
};

const described = (fields: ChainFields): Buffer =>
  createHash('sha256')
    .update(
      Buffer.concat(
        [
          fields.previous,
          fields.position,
          fields.id,
          fields.type,
          fields.stream,
          fields.engine,
          fields.occurredAt,
          fields.recordedAt,
          fields.actorKind,
          fields.actorName,
          fields.correlation,
          fields.causation,
          fields.inferred ? 1 : 0,
          fields.schemaVersion,
          fields.dataDigest,
        ].map(field),
      ),
    )
    .digest();

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(Buffer.from);
const text = fc.string({ unit: 'binary' });

const anyFields: fc.Arbitrary<ChainFields> = fc.record({
  previous: bytes(32),
  position: fc.nat(),
  id: bytes(16),
  type: text,
  stream: text,
  engine: fc.option(text),
  occurredAt: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  recordedAt: fc.nat(),
  actorKind: text,
  actorName: text,
  correlation: bytes(16),
  causation: fc.option(bytes(16)),
  inferred: fc.boolean(),
  schemaVersion: fc.nat(),
  dataDigest: bytes(32),
});

test('the hash is what the description says, for any fields', () => {
  fc.assert(
    fc.property(anyFields, (fields) => chainHash(fields).equals(described(fields))),
    { numRuns: 500 },
  );
});

test('a change of any one field changes the hash', () => {
  fc.assert(
    fc.property(anyFields, anyFields, fc.constantFrom(...fieldNames), (fields, others, name) => {
      const changed = { ...fields, [name]: others[name] };
      return chainHash(fields).equals(chainHash(changed)) === described(fields).equals(described(changed));
    }),
  );
});

test('the hash of a known event stays what it is: a change would break every log there is', () => {
  const known: ChainFields = {
    previous: genesis,
    position: 1,
    id: Buffer.alloc(16, 1),
    type: 'PortolanStarted',
    stream: 'portolan',
    engine: null,
    occurredAt: 1_767_600_000_123_456_789n,
    recordedAt: 1_767_600_000_123,
    actorKind: 'portolan',
    actorName: 'Zoë',
    correlation: Buffer.alloc(16, 1),
    causation: null,
    inferred: false,
    schemaVersion: 1,
    dataDigest: digestPayload(Buffer.alloc(16, 2), '{"reason":"ü"}'),
  };
  expect(chainHash(known).toString('hex')).toBe(described(known).toString('hex'));
  expect(chainHash(known).toString('hex')).toMatchInlineSnapshot(
    `"cf48d2d38a8ae375ab75ceb9ea895c5781f6f6394cb2117042e990c4bd9c7dc5"`,
  );
});

test('the payload digest is that of the salt and the bytes of the text', () => {
  const salt = randomBytes(16);
  const expected = createHash('sha256').update(salt).update('{"a":"ü漢"}', 'utf8').digest();
  expect(digestPayload(salt, '{"a":"ü漢"}').equals(expected)).toBe(true);
});

const fieldNames = [
  'previous',
  'position',
  'id',
  'type',
  'stream',
  'engine',
  'occurredAt',
  'recordedAt',
  'actorKind',
  'actorName',
  'correlation',
  'causation',
  'inferred',
  'schemaVersion',
  'dataDigest',
] as const;
