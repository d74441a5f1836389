/** Payloads as they are stored: a container's spec once, by the digest of its bytes. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DataOf } from '../../src/events/event.ts';
import { joinPayload, splitPayload } from '../../src/events/payload.ts';
import { running } from '../routing/scenario.ts';

test('a spec is split off, stays behind as its digest, and is joined again', () => {
  const data = running('web');
  const { data: stored, spec } = splitPayload({ type: 'ContainerObserved', data });
  expect(spec!.digest).toBe(createHash('sha256').update(spec!.bytes).digest('hex'));
  expect(JSON.parse(spec!.bytes)).toEqual(data.spec);
  expect(JSON.parse(stored).spec).toBe(spec!.digest);
  const joined = joinPayload('ContainerObserved', stored, (digest) =>
    digest === spec!.digest ? data.spec : null,
  ) as DataOf<'ContainerObserved'>;
  expect(joined).toEqual(data);
  expect(joined.spec).toBe(data.spec);
});

test('observations of the same content share one spec', () => {
  const one = splitPayload({ type: 'ContainerObserved', data: running('web') });
  const other = splitPayload({ type: 'ContainerObserved', data: running('shop') });
  expect(one.spec).toEqual(other.spec);
});

test('other payloads are their JSON text, whatever is in them', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (reason) => {
      const { data, spec } = splitPayload({ type: 'EngineLost', data: { reason } });
      expect(spec).toBeNull();
      expect(joinPayload('EngineLost', data, () => null)).toEqual({ reason });
    }),
  );
});
