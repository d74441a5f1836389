/** What a header field is, by its name. */
import { expect, test } from 'vitest';
import { createFieldNames } from '../../src/proxy/field-names.ts';
import { responseHeaders } from '../../src/proxy/headers.ts';

test('thousands of made-up names do not keep those of all later requests from being known', () => {
  const names = createFieldNames();
  for (let count = 0; count < 3_000; count += 1) names(`x-made-up-${count}`);
  const first = names('Sec-Fetch-Site');
  // The same object: it was not worked out again.
  expect(names('Sec-Fetch-Site')).toBe(first);
});

test('thousands of options in Connection are not looked up, so that names that are known stay known', () => {
  const names = createFieldNames();
  const before = names('Sec-Fetch-Site');
  const options = Array.from({ length: 6_000 }, (_, index) => `o${index}`).join(', ');
  const answer = ['Connection', `${options}, X-A`, 'X-A', '1', 'Content-Length', '2'];
  const framing = { length: true, trailer: false, requestId: null };
  expect(responseHeaders(answer, names, framing)).toEqual(['Content-Length', '2']);
  expect(names('Sec-Fetch-Site')).toBe(before);
});
