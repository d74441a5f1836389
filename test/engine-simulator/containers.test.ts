/** Each call on containers, through dockerode, with the answers of moby 20.10. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { actionsDuring, call, clientOf, eventually, refusal, startSimulator } from './support.ts';

describe('creating a container', () => {
  test('gives its id; inspect shows what was asked for', async () => {
    const docker = clientOf(await startSimulator());
    const container = await docker.createContainer({
      name: 'one',
      Image: 'web',
      Labels: { a: 'b' },
      Env: ['A=1', 'PATH=/bin'],
      Cmd: ['serve', '--fast'],
      ExposedPorts: { '8080/tcp': {}, '53/udp': {} },
      HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 }, NetworkMode: 'bridge' },
    });
    const shown = await container.inspect();
    expect(shown).toMatchObject({
      Id: container.id,
      Name: '/one',
      Path: 'serve',
      Args: ['--fast'],
      RestartCount: 0,
      State: { Status: 'created', Running: false, StartedAt: '0001-01-01T00:00:00Z', ExitCode: 0 },
      Config: { Image: 'web', Labels: { a: 'b' }, Env: ['A=1', 'PATH=/bin'], Cmd: ['serve', '--fast'] },
      HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 }, NetworkMode: 'bridge' },
      NetworkSettings: { Networks: { bridge: { IPAddress: '' } }, Ports: {} },
    });
    expect(Object.keys(shown.Config.ExposedPorts!)).toEqual(['80/tcp', '8080/tcp', '53/udp']);
    expect(shown.Image).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test('under a name that is taken is a conflict that names the holder', async () => {
    const docker = clientOf(await startSimulator());
    const { id } = await docker.createContainer({ name: 'one', Image: 'web' });
    expect(await refusal(docker.createContainer({ name: 'one', Image: 'web' }))).toEqual({
      status: 409,
      message: `Conflict. The container name "/one" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
    });
  });

  test.for([
    ['an image that is not there', { Image: 'nope' }, 404, 'No such image: nope:latest'],
    ['nothing', {}, 400, 'Config cannot be empty in order to create a container'],
    [
      'a wrong restart policy',
      { Image: 'web', HostConfig: { RestartPolicy: { Name: 'bogus' } } },
      400,
      "invalid restart policy 'bogus'",
    ],
    [
      '--rm with a restart policy',
      { Image: 'web', HostConfig: { AutoRemove: true, RestartPolicy: { Name: 'always' } } },
      400,
      "can't create 'AutoRemove' container with restart policy",
    ],
  ] as const)('from %s is refused', async ([, body, status, message]) => {
    const answer = await call(await startSimulator(), 'POST', '/v1.41/containers/create?name=one', body);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([status, { message }]);
  });

  test('under a name that no container may have is refused', async () => {
    const answer = await call(await startSimulator(), 'POST', '/containers/create?name=-a', { Image: 'web' });
    expect([answer.status, JSON.parse(answer.body).message]).toEqual([
      400,
      'Invalid container name (-a), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
    ]);
  });
});

describe('the life of a container', () => {
  test('start and stop say 304 when there is nothing to do', async () => {
    const docker = clientOf(await startSimulator());
    const container = await docker.createContainer({ name: 'one', Image: 'web' });
    expect(await refusal(container.stop())).toMatchObject({ status: 304 });
    await container.start();
    expect(await refusal(container.start())).toMatchObject({ status: 304 });
    await container.stop();
    const { State } = await container.inspect();
    expect(State).toMatchObject({ Status: 'exited', Running: false, ExitCode: 0, Pid: 0 });
    expect(State.FinishedAt > State.StartedAt).toBe(true);
  });

  test('one that ignores SIGTERM is killed after the time it was given', async () => {
    const simulator = await startSimulator();
    const container = clientOf(simulator).getContainer(
      (await simulator.run({ name: 'stubborn', env: ['SIMULATED_ON_TERM=ignore'] })).id,
    );
    const actions = await actionsDuring(simulator, () => container.stop({ t: 0 }));
    expect(actions).toEqual(['kill', 'kill', 'die', 'network:disconnect', 'stop']);
    expect((await container.inspect()).State).toMatchObject({ ExitCode: 137 });
  });

  test('restart works on a running and on a stopped one, and keeps the address', async () => {
    const simulator = await startSimulator();
    const { id, address } = await simulator.run({ name: 'one' });
    const container = clientOf(simulator).getContainer(id);
    expect(await actionsDuring(simulator, () => container.restart())).toEqual([
      'kill',
      'die',
      'network:disconnect',
      'stop',
      'network:connect',
      'start',
      'restart',
    ]);
    expect((await container.inspect()).NetworkSettings.Networks['bridge']!.IPAddress).toBe(address);
    await container.stop();
    expect(await actionsDuring(simulator, () => container.restart())).toEqual([
      'network:connect',
      'start',
      'restart',
    ]);
  });

  test('kill ends it, a signal that servers ignore does not, and a wrong one is refused', async () => {
    const simulator = await startSimulator();
    const container = clientOf(simulator).getContainer((await simulator.run({ name: 'one' })).id);
    expect(await refusal(container.kill({ signal: 'NOPE' }))).toEqual({
      status: 400,
      message: 'Invalid signal: NOPE',
    });
    expect(await actionsDuring(simulator, () => container.kill({ signal: 'SIGWINCH' }))).toEqual(['kill']);
    expect((await container.inspect()).State.Running).toBe(true);
    await container.kill();
    expect((await container.inspect()).State).toMatchObject({ Status: 'exited', ExitCode: 137 });
    expect(await refusal(container.kill())).toEqual({
      status: 409,
      message: `Cannot kill container: ${container.id}: Container ${container.id} is not running`,
    });
  });

  test('pause and unpause, with what the engine refuses meanwhile', async () => {
    const simulator = await startSimulator();
    const container = clientOf(simulator).getContainer((await simulator.run({ name: 'one' })).id);
    await container.pause();
    expect((await container.inspect()).State).toMatchObject({
      Status: 'paused',
      Running: true,
      Paused: true,
    });
    expect(await refusal(container.pause())).toMatchObject({ status: 409 });
    expect(await refusal(container.start())).toEqual({
      status: 409,
      message: 'cannot start a paused container, try unpause instead',
    });
    expect((await refusal(container.remove())).message).toMatch(/^You cannot remove a paused container/);
    await container.unpause();
    // As the real engine: not a conflict.
    expect(await refusal(container.unpause())).toMatchObject({ status: 500 });
    await container.pause();
    const actions = await actionsDuring(simulator, () => container.stop());
    expect(actions).toEqual(['kill', 'unpause', 'die', 'network:disconnect', 'stop']);
  });

  test('rename moves the name, and says which names it does not take', async () => {
    const simulator = await startSimulator();
    const docker = clientOf(simulator);
    const container = docker.getContainer((await simulator.run({ name: 'one' })).id);
    await simulator.run({ name: 'two' });
    const rename = (name: string) => refusal(container.rename({ name }));
    expect(await rename('one')).toMatchObject({ status: 400 });
    expect(await rename('two')).toMatchObject({ status: 409 });
    expect(await rename('a b')).toEqual({
      status: 400,
      message:
        'Error when allocating new name: Invalid container name (/a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
    });
    await container.rename({ name: 'three' });
    expect((await docker.getContainer('three').inspect()).Id).toBe(container.id);
    expect(await refusal(docker.getContainer('one').inspect())).toEqual({
      status: 404,
      message: 'No such container: one',
    });
  });

  test('a running one is not removed unless forced', async () => {
    const simulator = await startSimulator();
    const container = clientOf(simulator).getContainer((await simulator.run({ name: 'one' })).id);
    expect(await refusal(container.remove())).toEqual({
      status: 409,
      message: `You cannot remove a running container ${container.id}. Stop the container before attempting removal or force remove`,
    });
    const actions = await actionsDuring(simulator, () => container.remove({ force: true, v: true }));
    expect(actions).toEqual(['kill', 'die', 'network:disconnect', 'destroy']);
    expect(await refusal(container.inspect())).toMatchObject({ status: 404 });
  });

  test('with --rm it is gone after its end, and inspect says so', async () => {
    const simulator = await startSimulator();
    const docker = clientOf(simulator);
    const container = await docker.createContainer({
      name: 'passing',
      Image: 'web',
      Env: ['SIMULATED_EXIT=3@40'],
      HostConfig: { AutoRemove: true },
    });
    const actions = await actionsDuring(simulator, async () => {
      const gone = container.wait({ condition: 'removed' });
      await container.start();
      expect(await gone).toMatchObject({ StatusCode: 3 });
    });
    expect(actions).toEqual(['network:connect', 'start', 'die', 'network:disconnect', 'destroy']);
    expect(await refusal(container.inspect())).toMatchObject({ status: 404 });
  });

  test('restart=always starts it again; a kill on purpose does not', async () => {
    const simulator = await startSimulator({ timings: { restartBackoff: 10 } });
    const container = await simulator.run({ name: 'steady', restart: 'always' });
    await simulator.containers.exit(container, 3);
    const inspected = clientOf(simulator).getContainer(container.id);
    await eventually('it runs again', () => container.status === 'running');
    expect(await inspected.inspect()).toMatchObject({ RestartCount: 1, State: { Running: true } });
    await inspected.kill();
    expect((await inspected.inspect()).State.Status).toBe('exited');
  });

  test('on-failure gives up after so many times, and at once on success', async () => {
    const simulator = await startSimulator({ timings: { restartBackoff: 5 } });
    const docker = clientOf(simulator);
    const run = async (name: string, exit: string) => {
      const container = await docker.createContainer({
        name,
        Image: 'web',
        Env: [`SIMULATED_EXIT=${exit}`],
        HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } },
      });
      await container.start();
      await eventually(
        `${name} has ended`,
        async () => (await container.inspect()).State.Status === 'exited',
      );
      return (await container.inspect()).RestartCount;
    };
    expect(await run('failing', '3@10')).toBe(2);
    expect(await run('succeeding', '0@10')).toBe(0);
  });

  test('a start that fails leaves its reason in the state', async () => {
    const simulator = await startSimulator();
    const docker = clientOf(simulator);
    const container = await docker.createContainer({
      name: 'broken',
      Image: 'web',
      Env: ['SIMULATED_START_ERROR=exec: "/nosuch": no such file'],
    });
    const actions = await actionsDuring(simulator, async () => {
      expect(await refusal(container.start())).toEqual({
        status: 400,
        message: 'exec: "/nosuch": no such file',
      });
    });
    expect(actions).toEqual(['network:connect', 'network:disconnect']);
    expect((await container.inspect()).State).toMatchObject({
      Status: 'created',
      ExitCode: 127,
      Error: 'exec: "/nosuch": no such file',
    });
  });

  test('update changes the restart policy', async () => {
    const simulator = await startSimulator();
    const container = clientOf(simulator).getContainer((await simulator.run({ name: 'one' })).id);
    const actions = await actionsDuring(simulator, () =>
      container.update({ RestartPolicy: { Name: 'always' } }),
    );
    expect(actions).toEqual(['update']);
    expect((await container.inspect()).HostConfig.RestartPolicy).toMatchObject({ Name: 'always' });
  });
});

describe('finding containers', () => {
  test('the list shows running ones, or all, and takes filters', async () => {
    const simulator = await startSimulator();
    const docker = clientOf(simulator);
    const web = await simulator.run({ name: 'shop-web', labels: { tier: 'front', color: 'red' } });
    const api = await simulator.run({ name: 'shop-api', labels: { tier: 'back' } });
    await docker.getContainer(api.id).stop();
    const names = async (options: object) =>
      (await docker.listContainers(options)).flatMap(({ Names }) => Names).sort();
    expect(await names({})).toEqual(['/shop-web']);
    expect(await names({ all: true })).toEqual(['/shop-api', '/shop-web']);
    const all = { all: true };
    expect(await names({ ...all, filters: { name: ['^/shop-w'] } })).toEqual(['/shop-web']);
    expect(await names({ ...all, filters: { name: ['shop'] } })).toEqual(['/shop-api', '/shop-web']);
    expect(await names({ ...all, filters: { label: ['tier=back'] } })).toEqual(['/shop-api']);
    expect(await names({ ...all, filters: { label: ['tier', 'color=red'] } })).toEqual(['/shop-web']);
    expect(await names({ ...all, filters: { id: [web.id.slice(0, 12)] } })).toEqual(['/shop-web']);
    expect(await names({ filters: { status: ['exited'] } })).toEqual(['/shop-api']);
    expect(await refusal(docker.listContainers({ filters: { nope: ['x'] } }))).toEqual({
      status: 400,
      message: "Invalid filter 'nope'",
    });
  });

  test('the list shows a container as running until its end is through, inspect waits for that', async () => {
    const simulator = await startSimulator({ timings: { cleanup: 150 } });
    const docker = clientOf(simulator);
    const { id } = await simulator.run({ name: 'one' });
    const container = docker.getContainer(id);
    let listed: string[] = [];
    simulator.journal.subscribe({
      take(event) {
        if (event.action !== 'die') return true;
        void docker.listContainers().then((list) => {
          listed = list.map(({ State }) => State);
        });
        return true;
      },
    });
    const stopped = container.stop();
    await eventually('the list was taken', () => listed.length > 0);
    expect(listed).toEqual(['running']);
    expect((await container.inspect()).State.Status).toBe('exited');
    await stopped;
    expect(await docker.listContainers()).toEqual([]);
  });

  test('a unique prefix of the id is enough', async () => {
    const simulator = await startSimulator();
    const { id } = await simulator.run({ name: 'one' });
    expect((await clientOf(simulator).getContainer(id.slice(0, 6)).inspect()).Id).toBe(id);
  });

  test('inspect has the fields of the real engine', async () => {
    const simulator = await startSimulator();
    const { id } = await simulator.run({ name: 'one' });
    const shown = await clientOf(simulator).getContainer(id).inspect();
    const trace = readFileSync(new URL('../fixtures/traces/pause.ndjson', import.meta.url), 'utf8');
    const lines = trace
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { body?: typeof shown });
    const real = lines.findLast((line) => line.body?.State.Running === true)!.body!;
    const fields = (value: object | undefined) => Object.keys(value ?? {}).sort();
    expect(fields(shown)).toEqual(fields(real));
    expect(fields(shown.State)).toEqual(fields(real.State));
    expect(fields(shown.Config)).toEqual(fields(real.Config));
    expect(fields(shown.NetworkSettings)).toEqual(fields(real.NetworkSettings));
    expect(fields(shown.NetworkSettings.Networks['bridge'])).toEqual(
      fields(real.NetworkSettings.Networks['bridge']),
    );
  });
});

describe('published ports', () => {
  test('lead to the container, and are shown by inspect and list', async () => {
    const simulator = await startSimulator();
    const docker = clientOf(simulator);
    const container = await docker.createContainer({
      name: 'published',
      Image: 'web',
      HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } },
    });
    await container.start();
    const [binding] = (await container.inspect()).NetworkSettings.Ports['80/tcp']!;
    expect(binding!.HostIp).toBe('127.0.0.1');
    const answer = await fetch(`http://127.0.0.1:${binding!.HostPort}/`);
    expect(await answer.json()).toMatchObject({ name: 'published' });
    const [listed] = await docker.listContainers();
    expect(listed!.Ports).toMatchObject([{ PrivatePort: 80, PublicPort: Number(binding!.HostPort) }]);
    const second = await docker.createContainer({
      name: 'second',
      Image: 'web',
      HostConfig: { PortBindings: { '80/tcp': [binding!] } },
    });
    expect((await refusal(second.start())).message).toMatch(/failed: port is already allocated$/);
    await container.stop();
    await expect(fetch(`http://127.0.0.1:${binding!.HostPort}/`)).rejects.toThrow();
    await second.start();
  });
});
