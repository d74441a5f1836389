/** Newline-delimited JSON off a socket. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createNdjsonReader } from '../../src/docker/ndjson.ts';

function read(chunks: readonly Buffer[], maxLine?: number) {
  const values: unknown[] = [];
  const garbage: string[] = [];
  const reader = createNdjsonReader({
    onValue: (value) => values.push(value),
    onGarbage: (problem) => garbage.push(problem),
    ...(maxLine !== undefined && { maxLine }),
  });
  for (const chunk of chunks) reader.feed(chunk);
  reader.end();
  return { values, garbage };
}

const event = { Type: 'container', note: 'Grüße, 日本語 und 🐳', Attributes: { timeNano: '12', a: '"\\\n' } };
const text = `${JSON.stringify(event)}\n\n${JSON.stringify([event, event])}\r\n${JSON.stringify('ende')}`;

it('gives the same values wherever the stream is cut, also within a UTF-8 sequence', () => {
  const bytes = Buffer.from(text);
  const whole = read([bytes]).values;
  expect(whole).toEqual([event, [event, event], 'ende']);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      expect(read(chunks).values).toEqual(whole);
    }),
  );
  expect(read([...bytes].map((byte) => Buffer.from([byte]))).values).toEqual(whole);
});

it('keeps all digits of timeNano, and leaves a label of that name alone', () => {
  const line =
    '{"timeNano":1795409475123456789,"Actor":{"Attributes":{"timeNano":"1795409475123456789"}},"time":1}';
  expect(read([Buffer.from(line)]).values).toEqual([
    { timeNano: 1795409475123456789n, Actor: { Attributes: { timeNano: '1795409475123456789' } }, time: 1 },
  ]);
});

it('leaves a timeNano that is no whole number as it is', () => {
  expect(read([Buffer.from('{"timeNano":1.5e3}\n{"timeNano":null}')]).values).toEqual([
    { timeNano: 1500 },
    { timeNano: null },
  ]);
});

it('reports garbage and goes on with the next line', () => {
  const { values, garbage } = read([Buffer.from('{"a":1}\n{broken\n\xff\xfe\n{"b":2}\n', 'latin1')]);
  expect(values).toEqual([{ a: 1 }, { b: 2 }]);
  expect(garbage).toHaveLength(2);
});

it('skips a line that is too long, whatever chunks it comes in, and quotes nothing of it', () => {
  const long = `{"secret":"${'s3cr3t'.repeat(50)}"}`;
  const bytes = Buffer.from(`{"a":1}\n${long}\n{"b":2}\n`);
  for (const size of [1, 7, 64, bytes.length]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
      bytes.subarray(n * size, (n + 1) * size),
    );
    const { values, garbage } = read(chunks, 100);
    expect(values).toEqual([{ a: 1 }, { b: 2 }]);
    expect(garbage).toEqual(['a line is longer than 100 bytes']);
  }
});

it('does not let a key of the input reach the prototype', () => {
  const [value] = read([Buffer.from('{"__proto__":{"polluted":true}}')]).values;
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  expect(Object.hasOwn(value as object, '__proto__')).toBe(true);
});
