/** The real Docker engine of the tests: found by itself, or skipped loudly. Containers get names of their own and are removed. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from 'vitest';

const run = promisify(execFile);

export interface TestEngine {
  /** For `DOCKER_HOST`. */
  readonly host: string;
  /** Begins every name of this test file's containers and networks. */
  readonly prefix: string;
  /** The docker CLI; resolves with its trimmed standard output. */
  cli(...args: string[]): Promise<string>;
  /** Removes all containers and networks whose names begin with the prefix. */
  cleanUp(): Promise<void>;
}

/** Imported by `npm run test:setup`: busybox httpd; the second exposes no port; the third has a HEALTHCHECK. */
export const images = {
  web: 'portolan-test-web',
  plain: 'portolan-test-plain',
  health: 'portolan-test-health',
} as const;

const wayOut = 'run `npm run test:setup` (Debian, root), or export a DOCKER_HOST that has its images';

/**
 * Runs the suite against the real engine. Without one, or without the test images, the suite is skipped with a word
 * on standard error; with `REQUIRE_DOCKER=1` it fails.
 */
export function describeOnDocker(name: string, suite: (engine: TestEngine) => void): void {
  if (found === null) {
    const problem = `no Docker engine with the test images is reachable: ${wayOut}`;
    if (process.env['REQUIRE_DOCKER'] === '1') {
      describe(name, (): never => {
        throw new Error(`${problem} (REQUIRE_DOCKER=1)`);
      });
      return;
    }
    process.stderr.write(`SKIPPED ${name}: ${problem}\n`);
    describe.skip(name, () => suite(createTestEngine('unix:///nowhere')));
    return;
  }
  describe(name, () => suite(createTestEngine(found)));
}

const found = await findEngine();

/** `DOCKER_HOST`, else the private engine of the set-up, else the usual socket. Null if none has the images. */
export async function findEngine(): Promise<string | null> {
  const given = process.env['DOCKER_HOST'];
  const privateSocket = join(tmpdir(), 'portolan-test-engine', 'docker.sock');
  const sockets = [privateSocket, '/var/run/docker.sock'].filter((path) => existsSync(path));
  for (const host of given ? [given] : sockets.map((path) => `unix://${path}`)) {
    if (await hasImages(host)) return host;
  }
  return null;
}

async function hasImages(host: string): Promise<boolean> {
  try {
    await run('docker', ['-H', host, 'image', 'inspect', ...Object.values(images)], { timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

function createTestEngine(host: string): TestEngine {
  const prefix = `ptest-${randomBytes(3).toString('hex')}-`;
  const cli = async (...args: string[]): Promise<string> => {
    const { stdout } = await run('docker', ['-H', host, ...args], { timeout: 30_000, maxBuffer: 16_777_216 });
    return stdout.trim();
  };
  return {
    host,
    prefix,
    cli,
    async cleanUp() {
      const containers = lines(await cli('ps', '-aq', '--filter', `name=^/${prefix}`));
      if (containers.length > 0) await cli('rm', '-f', '-v', ...containers);
      const networks = lines(await cli('network', 'ls', '-q', '--filter', `name=^${prefix}`));
      if (networks.length > 0) await cli('network', 'rm', ...networks);
    },
  };
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
