/** What V8 is told: it takes unknown words for nothing, so that a newer Node may forget them in silence. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const module = new URL('../../src/observability/heap-settings.ts', import.meta.url).href;

test('V8 knows every flag that it is given, and says nothing', async () => {
  const script = `import { keepHeapsSmall } from '${module}'; keepHeapsSmall();`;
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module-typescript', '-e', script]);
  expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
  const { stdout: known } = await run(process.execPath, ['--v8-options'], { maxBuffer: 4_194_304 });
  for (const flag of ['--max-semi-space-size', '--allocation-site-pretenuring'])
    expect(known).toContain(`  ${flag} (`);
});
