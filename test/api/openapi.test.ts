/** `/openapi.json`: what it says of answers, held against answers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import type { Portolan } from '../support/portolan.ts';
import { endService, serveContainers } from '../support/simulated.ts';

type Schema = { readonly [key: string]: unknown };

describe('the description of the API', () => {
  let engine: Simulator;
  let portolan: Portolan;
  beforeAll(async () => {
    ({ engine, portolan } = await serveContainers('web'));
  });
  afterAll(() => endService(engine));

  test('allows null where an answer may have it, also in the place of what has a name', async () => {
    const answer = await fetch(`http://localhost:${portolan.apiPort}/openapi.json`);
    const { components } = (await answer.json()) as { components: { schemas: Record<string, Schema> } };
    expect(components.schemas['RouteChange']).toMatchObject({
      properties: {
        before: { anyOf: [{ $ref: '#/components/schemas/Route' }, { type: 'null' }] },
        cause: { anyOf: [{ $ref: '#/components/schemas/Event' }, { type: 'null' }] },
      },
    });
    // Beside a name in `allOf` it would be allowed by neither.
    expect(JSON.stringify(components)).not.toContain('{"type":["object","null"]}');
  });
});
