/** The whole path on a real engine: a container starts, its host answers, the log remembers. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeOnDocker, images } from '../support/docker.ts';
import { cleanUp, type Portolan, startPortolan, within } from '../support/portolan.ts';

describeOnDocker('on a real engine', (engine) => {
  let portolan: Portolan;
  const name = (suffix: string): string => `${engine.prefix}${suffix}`;
  const hostOf = (suffix: string): string => `${name(suffix)}.docker.localhost`;
  const run = (suffix: string, ...args: string[]): Promise<string> =>
    engine.cli('run', '-d', '--name', name(suffix), ...args, images.web);
  const status = (host: string, wanted: number): Promise<string> => portolan.answers(host, wanted);

  beforeAll(async () => {
    portolan = await startPortolan({ dockerHost: engine.host });
  });
  afterEach(() => engine.cleanUp());
  afterAll(async () => {
    await engine.cleanUp();
    await cleanUp();
  });

  test('a container that starts answers under its name, and is explained while it is stopped', async () => {
    await run('one');
    await status(hostOf('one'), 200);
    await engine.cli('stop', '-t', '0', name('one'));
    await status(hostOf('one'), 503);
    // At the signal it is said to be ending; once it has ended, since when.
    await within(5_000, 'since when it is down', async () =>
      (await portolan.get(hostOf('one'))).body.includes('has had no upstream since'),
    );
    const down = await portolan.get(hostOf('one'));
    expect(down.headers['retry-after']).toMatch(/^\d+$/);
    await engine.cli('start', name('one'));
    await status(hostOf('one'), 200);
    expect((await portolan.get('never.docker.localhost')).status).toBe(404);
  });

  test('rename, pause, unpause and removal are followed', async () => {
    await run('two');
    await status(hostOf('two'), 200);
    await engine.cli('rename', name('two'), name('renamed'));
    await status(hostOf('renamed'), 200);
    expect(await status(hostOf('two'), 503)).toContain('was renamed to');
    await engine.cli('pause', name('renamed'));
    expect(await status(hostOf('renamed'), 503)).toContain('was paused');
    await engine.cli('unpause', name('renamed'));
    await status(hostOf('renamed'), 200);
    await engine.cli('rm', '-f', name('renamed'));
    await status(hostOf('renamed'), 503);
  });

  test('a container is followed from one network to another, and without any is refused', async () => {
    const network = name('net');
    await engine.cli('network', 'create', network);
    await run('three');
    await status(hostOf('three'), 200);
    await engine.cli('network', 'disconnect', 'bridge', name('three'));
    await status(hostOf('three'), 503);
    await within(5_000, 'the refusal', async () => {
      const { items } = await portolan.json<{ items: { name: string; reason: string }[] }>('/refusals');
      return items.some((one) => one.name === name('three') && one.reason === 'no-reachable-network');
    });
    await engine.cli('network', 'connect', network, name('three'));
    await status(hostOf('three'), 200);
    await engine.cli('rm', '-f', name('three'));
  });

  test('replicas of a compose service share a host, round robin', async () => {
    const labels = ['project=blog', 'service=app'].flatMap((label) => [
      '--label',
      `com.docker.compose.${label}`,
    ]);
    await Promise.all([run('r1', ...labels), run('r2', ...labels)]);
    const route = await within(5_000, 'a route with two targets', async () => {
      const page = await portolan.json<{ items: { targets: { name: string }[] }[] }>(
        '/routes?host=app.blog.docker.localhost',
      );
      return page.items.find((one) => one.targets.length === 2);
    });
    expect(route.targets.map((target) => target.name)).toEqual([name('r1'), name('r2')]);
    await engine.cli('stop', '-t', '0', name('r1'));
    for (let request = 0; request < 20; request++) {
      expect((await portolan.get('app.blog.docker.localhost')).status).toBe(200);
    }
  });

  test('every command is recorded with its outcome, and the audit knows what it caused', async () => {
    const created = await portolan.api('POST', '/containers', {
      image: images.web,
      name: name('four'),
      pull: 'never',
    });
    expect(created.status).toBe(201);
    await status(hostOf('four'), 200);
    const stop = `/containers/${name('four')}/stop?timeout=0`;
    expect((await portolan.api('POST', stop)).status).toBe(200);
    await status(hostOf('four'), 503);
    for (const kind of ['start', 'restart?timeout=0', 'pause', 'unpause', 'kill']) {
      expect([kind, (await portolan.api('POST', `/containers/${name('four')}/${kind}`)).status]).toEqual([
        kind,
        200,
      ]);
    }
    expect((await portolan.api('DELETE', `/containers/${name('four')}?force=true`)).status).toBe(200);
    expect((await portolan.api('POST', `/containers/${name('nobody')}/start`)).status).toBe(404);
    const audit = await within(5_000, 'the audit', async () => {
      const page = await portolan.json<{ items: AuditItem[] }>(`/audit?actor=api&limit=20`);
      return page.items.some((entry) => entry.action === 'start' && entry.outcome === 'failed')
        ? page.items
        : undefined;
    });
    const of = (action: string): AuditItem =>
      audit.find((entry) => entry.action === action && entry.outcome === 'succeeded')!;
    for (const action of ['create', 'stop', 'start', 'restart', 'pause', 'unpause', 'kill', 'remove']) {
      expect(of(action), action).toMatchObject({ actor: { kind: 'api', name: 'token' }, name: name('four') });
    }
    const events = await portolan.events();
    const typesOf = (entry: AuditItem): string[] =>
      entry.consequences.map((position) => events.find((event) => event.position === position)!.type);
    expect(typesOf(of('create'))).toEqual(
      expect.arrayContaining(['ContainerCreated', 'RouteOpened', 'CommandSucceeded']),
    );
    expect(typesOf(of('stop'))).toEqual(
      expect.arrayContaining(['ContainerDied', 'RouteClosed', 'CommandSucceeded']),
    );
  });

  test('what was done outside has the actor external', async () => {
    await run('five');
    await status(hostOf('five'), 200);
    await engine.cli('stop', '-t', '0', name('five'));
    await status(hostOf('five'), 503);
    const entry = await within(5_000, 'the stop in the audit', async () => {
      const page = await portolan.json<{ items: AuditItem[] }>(`/audit?container=${name('five')}`);
      return page.items.find((one) => one.action === 'stop');
    });
    expect(entry.actor.kind).toBe('external');
  });

  test('an idempotency key gives the first outcome again and does nothing', async () => {
    await run('six');
    await status(hostOf('six'), 200);
    const path = `/containers/${name('six')}/restart?timeout=0`;
    const key = { 'Idempotency-Key': name('key') };
    const first = JSON.parse((await portolan.api('POST', path, undefined, key)).body);
    const started = await engine.cli('inspect', '-f', '{{.State.StartedAt}}', name('six'));
    const second = JSON.parse((await portolan.api('POST', path, undefined, key)).body);
    expect(second).toMatchObject({ command: first.command, position: first.position });
    expect(await engine.cli('inspect', '-f', '{{.State.StartedAt}}', name('six'))).toBe(started);
    const other = await portolan.api('POST', `/containers/${name('six')}/pause`, undefined, key);
    expect(other.status).toBe(422);
  });

  test('a container on an image without ports is refused, with what to do', async () => {
    await engine.cli('run', '-d', '--name', name('plain'), images.plain);
    const refusal = await within(5_000, 'the refusal', async () => {
      const { items } = await portolan.json<{ items: { name: string; detail: string }[] }>('/refusals');
      return items.find((one) => one.name === name('plain'));
    });
    expect(refusal).toMatchObject({ reason: 'no-port', detail: expect.stringContaining('portolan.port') });
  });
});

interface AuditItem {
  readonly action: string;
  readonly outcome: string;
  readonly name: string;
  readonly actor: { readonly kind: string; readonly name: string };
  readonly consequences: readonly number[];
}
