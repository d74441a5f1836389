/** Replicas stopped and addresses taken over by others, on a real engine under load. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeOnDocker, images } from '../support/docker.ts';
import { type Load, startLoad } from '../support/load.ts';
import { cleanUp, type Portolan, startPortolan } from '../support/portolan.ts';

const rounds = Number(process.env['REUSE_ROUNDS'] ?? 6);

describeOnDocker('under load on a real engine', (engine) => {
  let portolan: Portolan;
  const name = (suffix: string): string => `${engine.prefix}${suffix}`;
  const labels = [
    '--label',
    `com.docker.compose.project=${engine.prefix.slice(0, -1)}`,
    '--label',
    'com.docker.compose.service=web',
  ];
  const shared = `web.${engine.prefix.slice(0, -1)}.docker.localhost`;
  const run = (suffix: string, ...args: string[]): Promise<string> =>
    engine.cli('run', '-d', '--name', name(suffix), '--hostname', name(suffix), ...args, images.web);

  beforeAll(async () => {
    portolan = await startPortolan({ dockerHost: engine.host });
  });
  afterEach(() => engine.cleanUp());
  afterAll(async () => {
    await engine.cleanUp();
    await cleanUp();
  });

  for (const verb of ['stop?timeout=1', 'restart?timeout=1', 'kill', 'pause']) {
    test(`one of two replicas gets a ${verb} through the API: no request fails`, async () => {
      await Promise.all([run('r1', ...labels), run('r2', ...labels)]);
      for (const suffix of ['r1', 'r2']) await portolan.answers(`${name(suffix)}.docker.localhost`, 200);
      const load = startLoad({ port: portolan.port, host: shared, path: '/cgi-bin/who' });
      await load.more(40);
      expect((await portolan.api('POST', `/containers/${name('r1')}/${verb}`)).status).toBe(200);
      await load.more(40);
      await load.stop();
      expect(load.failures).toEqual([]);
    });
  }

  test(
    'containers on one address, one after the other, at 100 requests/s: nobody is answered by a stranger',
    async () => {
      const network = name('net');
      const subnet = '10.213.77';
      await engine.cli('network', 'create', '--subnet', `${subnet}.0/24`, network);
      const visit = (suffix: string): Load =>
        startLoad({
          port: portolan.port,
          host: `${name(suffix)}.docker.localhost`,
          path: '/cgi-bin/who',
          visitors: 5,
          pause: 90,
          // One that is killed under a script ends its answer early, and without a length nobody can tell.
          check(body) {
            const own = `container: ${name(suffix)}\n`;
            return body.startsWith(own) || own.startsWith(body) ? null : `foreign: ${body}`;
          },
        });
      const suffixes = ['ann', 'bob'];
      const loads = suffixes.map(visit);
      for (let round = 0; round < rounds; round++) {
        const suffix = suffixes[round % 2]!;
        await run(suffix, '--network', network, '--ip', `${subnet}.7`);
        await portolan.answers(`${name(suffix)}.docker.localhost`, 200, '/cgi-bin/who');
        await loads[round % 2]!.more(10);
        await engine.cli('rm', '-f', name(suffix));
      }
      for (const load of loads) await load.stop();
      const failures = loads.flatMap((load) => load.failures);
      expect(failures.filter((failure) => !/^(404|50[234]) /.test(failure))).toEqual([]);
    },
    rounds * 10_000 + 30_000,
  );
});
