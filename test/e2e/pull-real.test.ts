/** An image that the real engine pulls from a real registry, on a loopback address. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import { describeOnDocker, images } from '../support/docker.ts';
import { freePort } from '../support/free-port.ts';
import { cleanUp, type Portolan, startPortolan, within } from '../support/portolan.ts';

const program = '/usr/bin/docker-registry';

describeOnDocker('a pull', (engine) => {
  // The engine of another machine has another loopback.
  const canPull = existsSync(program) && engine.host.startsWith('unix://');
  describe.skipIf(!canPull)('from a registry', () => {
    const folder = mkdtempSync(join(tmpdir(), 'portolan-registry-'));
    let registry: ChildProcess;
    let image: string;

    beforeAll(async () => {
      const port = await freePort();
      const config = {
        version: '0.1',
        storage: { filesystem: { rootdirectory: join(folder, 'images') } },
        http: { addr: `127.0.0.1:${port}` },
      };
      // JSON is YAML.
      writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
      registry = spawn(program, ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
      await within(20_000, 'the registry answers', async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => null);
        return answer?.ok;
      });
      image = `127.0.0.1:${port}/${engine.prefix}web:1`;
      await engine.cli('tag', images.web, image);
      await engine.cli('push', '-q', image);
      await engine.cli('rmi', image);
    }, 60_000);
    afterEach(async () => {
      await cleanUp();
      await engine.cleanUp();
      await engine.cli('rmi', '-f', image).catch(() => undefined);
    });
    afterAll(async () => {
      const ended = new Promise((resolve) => registry.once('exit', resolve));
      registry.kill();
      await ended;
      rmSync(folder, { recursive: true });
    });

    async function start(): Promise<Portolan> {
      const portolan = await startPortolan({ dockerHost: engine.host });
      await within(15_000, 'the engine is there', async () => {
        const { engine } = await portolan.json<{ engine: { connected: boolean } }>('/system');
        return engine.connected;
      });
      return portolan;
    }

    test('is waited for, shows its progress, and the container that is made of it answers', async () => {
      const portolan = await start();
      const name = `${engine.prefix}pulled`;
      const body = { image, name };
      const pulled = await portolan.api('POST', '/containers', body, { Accept: 'text/event-stream' });
      expect(pulled.body).toMatch(/event: progress\ndata: .*"Pulling from [^\n]+/);
      expect(pulled.body).toMatch(/event: progress\ndata: .*"Status: Downloaded newer image[^\n]+/);
      expect(pulled.body).toMatch(/event: done\n[^\n]+\n\n$/);
      expect(await portolan.answers(`${name}.docker.localhost`, 200)).toContain('portolan test web');
    });

    test('of an image that the registry does not have fails with its words, and is in the audit as failed', async () => {
      const portolan = await start();
      const where = { apiPort: portolan.apiPort, dataDir: portolan.dataDir };
      const missing = image.replace(':1', ':2');
      const failed = await runCli(where, ['run', missing, '--name', `${engine.prefix}missing`]);
      expect(failed.code).not.toBe(0);
      expect(failed.error).toMatch(/manifest unknown|not found/);
      expect((await runCli(where, ['audit'])).out).toMatch(/create .*failed/);
      expect(await engine.cli('ps', '-aq', '--filter', `name=${engine.prefix}missing`)).toBe('');
    });
  });
});
