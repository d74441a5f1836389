/** `portolan replay` against a real service on the simulated engine. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { projectionsPath } from '../../src/projections/file.ts';
import { type Ran, runCli } from '../support/cli.ts';
import { cleanUp, type Portolan } from '../support/portolan.ts';
import { createEngine, routesEqual, serveOn } from '../support/simulated.ts';

let simulator: Simulator;
let portolan: Portolan;
const replay = (...args: string[]): Promise<Ran> => runCli(portolan, ['replay', ...args]);

beforeAll(async () => {
  simulator = await createEngine();
  portolan = await serveOn(simulator);
  await simulator.run({ name: 'web' });
  await simulator.run({ name: 'shown', labels: { 'portolan.enable': 'true' } });
  await routesEqual(portolan, simulator);
});
afterAll(async () => {
  await cleanUp();
  await simulator.stop();
});

test('a comparison is well, then names the row that is not, and a rebuild mends it', async () => {
  const well = await replay('compare');
  expect(well).toMatchObject({ code: 0, error: '' });
  expect(well.out).toMatch(
    /^compare succeeded at position \d+ in .*\nAll \d+ rows are as the log has them\.\n$/,
  );
  const db = openDatabase(projectionsPath(portolan.dataDir), { synchronous: 'NORMAL' });
  db.prepare("UPDATE routes SET owner = 'mallory' WHERE host = 'web.docker.localhost'").run();
  db.close();
  const ill = await replay('compare');
  expect(ill.code).toBe(1);
  expect(ill.out).toContain('"owner":"mallory"');
  expect(await replay('rebuild')).toMatchObject({ code: 0, error: '' });
  expect(await replay('compare')).toMatchObject({ code: 0, error: '' });
});

test('under another policy: which routes would have been others', async () => {
  const { code, out } = await replay('what-if', '--expose', 'labeled');
  expect(code).toBe(0);
  expect(out).toMatch(/^web\.docker\.localhost +removed .* the end +web +-$/m);
  expect(out).not.toContain('shown');
  const { result } = JSON.parse((await replay('what-if', '--domain', 'test.example', '--json')).out);
  expect(result.routes).toContainEqual(
    expect.objectContaining({ host: 'shown.test.example', change: 'added' }),
  );
});

test('what does not fit together is refused as the API says it: exit code 2', async () => {
  expect(await replay('what-if')).toMatchObject({ code: 2, error: expect.stringContaining('--domain') });
  expect((await replay('rebuild', '--until', 'position:3')).error).toContain('is for what-if only');
  expect((await replay('again')).error).toContain('Allowed choices are rebuild, compare, what-if');
});

test('detached, it goes on in the service', async () => {
  expect((await replay('compare', '--detach')).out).toMatch(/^compare goes on as [0-9a-f-]{36}\n$/);
});
