/** What a header field is, by its name. */
import { expect, test } from 'vitest';
import { createFieldNames } from '../../src/proxy/field-names.ts';

test('thousands of made-up names do not keep those of all later requests from being known', () => {
  const names = createFieldNames();
  for (let count = 0; count < 3_000; count += 1) names(`x-made-up-${count}`);
  const first = names('Sec-Fetch-Site');
  // The same object: it was not worked out again.
  expect(names('Sec-Fetch-Site')).toBe(first);
});
