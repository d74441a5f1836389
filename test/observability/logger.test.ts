/** Hazard: a message that names what a container's author chose, on somebody's terminal. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const logger = new URL('../../src/observability/logger.ts', import.meta.url).href;

test.each(['pretty', 'json'])('no message steers the terminal or looks like another line (%s)', (format) => {
  const script = `import { createLogger } from ${JSON.stringify(logger)};
    createLogger('info', '${format}').warn({ a: 1 }, 'label portolan.\\x1b]0;x\\x07\\n[12:00:00] INFO: all is well\\x9b2J is not known');`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'latin1',
    env: { ...process.env, NO_COLOR: '1' },
  });
  const lines = stdout.trim().split('\n');
  expect(lines.find((line) => line.includes('label portolan.'))).toContain('is not known');
  expect(lines.filter((line) => line.startsWith('[12:00:00]'))).toEqual([]);
  expect(stdout).not.toMatch(/\x1b\]|\x07|\xc2\x9b/);
});
