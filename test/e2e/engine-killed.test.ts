/** The real engine killed with `kill -9` under the service; and the service stopped while its events pass. */
import http from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { describeOnDocker, images } from '../support/docker.ts';
import { reportFault, startLoad } from '../support/load.ts';
import { checkLog } from '../support/log-check.ts';
import { canStartEngine, createOwnEngine, type OwnEngine } from '../support/own-engine.ts';
import { cleanUp, type Portolan, startPortolan, within } from '../support/portolan.ts';

const hostOf = (name: string): string => `${name}.docker.localhost`;

describeOnDocker('a real engine under the service', (shared) => {
  const own: OwnEngine[] = [];
  afterEach(async () => {
    await cleanUp();
    for (const engine of own.splice(0)) await engine.remove();
    await shared.cleanUp();
  });

  async function engineOf(liveRestore: boolean): Promise<OwnEngine> {
    if (!canStartEngine) throw new Error('an engine that may be killed needs Linux and root');
    const engine = await createOwnEngine(shared.host, { liveRestore, place: 'killed' });
    own.push(engine);
    return engine;
  }

  /** A container that is up, and routed. @returns the pid of its process */
  async function run(engine: OwnEngine, portolan: Portolan, name: string): Promise<number> {
    await engine.cli('run', '-d', '--name', name, images.web);
    await portolan.answers(hostOf(name), 200);
    return Number(await engine.cli('inspect', '-f', '{{.State.Pid}}', name));
  }

  /** Portolan has noticed that the engine is away, and later that it is back. */
  const engineIs = (portolan: Portolan, connected: boolean): Promise<unknown> =>
    within(15_000, `the engine to be ${connected ? 'back' : 'away'}`, async () => {
      const { engine, trust } = await portolan.json<{ engine: { connected: boolean }; trust: string }>(
        '/system',
      );
      return engine.connected === connected && (trust === 'confirmed') === connected;
    });

  test('killed with live-restore: served on, and a process that ended meanwhile is closed as inferred', async () => {
    const engine = await engineOf(true);
    const portolan = await startPortolan({ dockerHost: engine.host });
    await run(engine, portolan, 'stays');
    const pid = await run(engine, portolan, 'dies');
    const load = startLoad({ port: portolan.port, host: hostOf('stays') });
    await load.more(50);
    await engine.kill();
    await engineIs(portolan, false);
    expect((await portolan.get(hostOf('stays'))).status, 'unconfirmed, but served').toBe(200);
    process.kill(pid, 'SIGKILL');
    await engine.start();
    await engineIs(portolan, true);
    await portolan.answers(hostOf('dies'), 503);
    expect((await portolan.get(hostOf('stays'))).status).toBe(200);
    await load.more(50);
    await load.stop();
    expect(load.failures).toEqual([]);
    reportFault('the engine killed and started again, with live-restore', 1, load);
    const closed = (await portolan.events('RouteClosed')).filter(({ data }) => data.name === 'dies');
    expect(closed).toMatchObject([{ inferred: true }]);
    expect(await portolan.stop()).toBe(0);
    expect(checkLog(portolan.dataDir)).toEqual({ valid: true, doubled: 0 });
  });

  test('killed without live-restore: its containers are stopped by the next daemon, and the routes say so', async () => {
    const engine = await engineOf(false);
    const portolan = await startPortolan({ dockerHost: engine.host });
    await run(engine, portolan, 'one');
    await run(engine, portolan, 'two');
    await engine.kill();
    await engineIs(portolan, false);
    await engine.start();
    await engineIs(portolan, true);
    const running = (await engine.cli('ps', '--format', '{{.Names}}')).split('\n').filter(Boolean);
    for (const name of ['one', 'two'])
      await portolan.answers(hostOf(name), running.includes(name) ? 200 : 503);
    await engine.cli('start', 'one');
    await portolan.answers(hostOf('one'), 200);
    expect(await portolan.stop()).toBe(0);
    expect(checkLog(portolan.dataDir)).toEqual({ valid: true, doubled: 0 });
  });

  test('the service is stopped with SIGSTOP while 1,500 events pass, and goes on', async () => {
    const names = ['a', 'b', 'c', 'd'].map((suffix) => `${shared.prefix}${suffix}`);
    const portolan = await startPortolan({ dockerHost: shared.host });
    for (const name of names) await shared.cli('run', '-d', '--name', name, images.web);
    for (const name of names) await portolan.answers(hostOf(name), 200);
    portolan.process.kill('SIGSTOP');
    const left = Array.from({ length: 1_500 }, (_, at) => names[at % names.length]!);
    const killer = async (): Promise<void> => {
      for (let name = left.pop(); name !== undefined; name = left.pop()) await signal(name, 'WINCH');
    };
    await Promise.all(Array.from({ length: 8 }, killer));
    await shared.cli('stop', '-t', '0', names[0]!);
    portolan.process.kill('SIGCONT');
    await portolan.answers(hostOf(names[0]!), 503);
    for (const name of names.slice(1)) await portolan.answers(hostOf(name), 200);
    // Either each one is there, or the log says that some are missing; none is there twice.
    await within(15_000, 'all signals, or a gap', async () => {
      const killed = (await portolan.events('ContainerKilled')).filter(({ data }) =>
        data.claimed?.name?.startsWith(shared.prefix),
      );
      const ids = killed.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      return ids.length >= 1_500 || (await portolan.events('HistoryGapDetected')).length > 0;
    });
    expect(await portolan.stop()).toBe(0);
    expect(checkLog(portolan.dataDir)).toEqual({ valid: true, doubled: 0 });
  });

  /** One `docker kill -s` without the cost of a process. */
  function signal(name: string, what: string): Promise<void> {
    const socketPath = new URL(shared.host).pathname;
    const path = `/containers/${name}/kill?signal=${what}`;
    return new Promise((resolve, reject) => {
      const sent = http.request({ socketPath, method: 'POST', path, agent: false }, (answer) => {
        answer
          .resume()
          .once('end', () =>
            answer.statusCode === 204 ? resolve() : reject(new Error(`${answer.statusCode}`)),
          );
      });
      sent.once('error', reject).end();
    });
  }
});
