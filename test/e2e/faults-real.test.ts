/**
 * Faults of one of two replicas under load, on a real engine, and how many requests each fails. `FAULT_ROUNDS` sets how
 * often each is done; `FAULT_REPORT` names a file that gets the counts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeOnDocker, images } from '../support/docker.ts';
import { reportFault, startLoad } from '../support/load.ts';
import { cleanUp, type Portolan, startPortolan } from '../support/portolan.ts';

const rounds = Number(process.env['FAULT_ROUNDS'] ?? 2);
const visitors = 8;

describeOnDocker('of two replicas under load on a real engine', (engine) => {
  let portolan: Portolan;
  const name = (suffix: string): string => `${engine.prefix}${suffix}`;
  const project = engine.prefix.slice(0, -1);
  const labels = [`com.docker.compose.project=${project}`, 'com.docker.compose.service=web'];
  const network = name('other');

  beforeAll(async () => {
    portolan = await startPortolan({ dockerHost: engine.host, args: ['--drain', '2s'] });
  });
  afterEach(() => engine.cleanUp());
  afterAll(async () => {
    await engine.cleanUp();
    await cleanUp();
  });

  const serving = (suffix: string): Promise<string> =>
    portolan.answers(`${name(suffix)}.docker.localhost`, 200);
  const start = async (suffix: string): Promise<void> => {
    const given = labels.flatMap((label) => ['--label', label]);
    await engine.cli('run', '-d', '--name', name(suffix), ...given, images.web);
    await serving(suffix);
  };

  interface Fault {
    readonly title: string;
    readonly strike: () => Promise<unknown>;
    readonly mend: () => Promise<unknown>;
    /** Failures that a round may have: of requests that were under way on the one that is struck. */
    readonly most: number;
  }
  const faults: readonly Fault[] = [
    {
      title: 'docker stop, of one that ignores its signal',
      strike: () => engine.cli('stop', '-t', '1', name('r1')),
      mend: () => engine.cli('start', name('r1')),
      most: 0,
    },
    {
      title: 'docker restart',
      strike: () => engine.cli('restart', '-t', '1', name('r1')),
      mend: async () => undefined,
      most: 0,
    },
    {
      title: 'docker kill',
      strike: () => engine.cli('kill', name('r1')),
      mend: () => engine.cli('start', name('r1')),
      most: visitors,
    },
    {
      title: 'docker pause',
      strike: () => engine.cli('pause', name('r1')),
      mend: () => engine.cli('unpause', name('r1')),
      most: visitors,
    },
    {
      title: 'moved to another network and address',
      strike: async () => {
        await engine.cli('network', 'connect', network, name('r1'));
        await engine.cli('network', 'disconnect', 'bridge', name('r1'));
      },
      mend: async () => {
        await engine.cli('network', 'connect', 'bridge', name('r1'));
        await engine.cli('network', 'disconnect', network, name('r1'));
      },
      // Twice: on the way there, and on the way back.
      most: 2 * visitors,
    },
  ];

  for (const { title, strike, mend, most } of faults) {
    test(`${title}: only requests under way on it may fail`, {
      timeout: 60_000 + rounds * 30_000,
    }, async () => {
      await engine.cli('network', 'create', network);
      await Promise.all([start('r1'), start('r2')]);
      const host = `web.${project}.docker.localhost`;
      const load = startLoad({ port: portolan.port, host, path: '/cgi-bin/who', visitors });
      await load.more(40);
      for (let round = 0; round < rounds; round++) {
        await strike();
        await load.more(40);
        await sleep(500);
        await mend();
        await serving('r1');
        await load.more(40);
      }
      await load.stop();
      reportFault(title, rounds, load);
      expect(load.failures.filter((failure) => !isBroken(failure))).toEqual([]);
      expect(load.failures.length).toBeLessThanOrEqual(rounds * most);
    });
  }
});

/** The upstream went away under a request: told as 502, or the answer broke off. */
const isBroken = (failure: string): boolean =>
  /^502 /.test(failure) || /ECONNRESET|socket hang up|aborted/.test(failure);
