/** What a guard in front of the engine answers to a command, as people read it. */
import { expect, test } from 'vitest';
import { toEngineError } from '../../src/docker/failure.ts';

test('a page of a socket proxy becomes one sentence, and says what to let through', () => {
  const json = Buffer.from(
    '<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>',
  );
  const error = toEngineError({ statusCode: 403, json }, (text) => text);
  expect(error).toMatchObject({ status: 403 });
  expect(error.message).toBe(
    'this call is not allowed by what guards the engine (403 Forbidden Request forbidden by administrative rules.)',
  );
  expect(error.hint).toContain('POST and DELETE');
});

test('a guard that knows no such method is told the same', () => {
  expect(toEngineError({ statusCode: 405, json: null }, (text) => text).status).toBe(403);
});
