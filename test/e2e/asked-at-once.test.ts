/** What Portolan is for, without a pause in between: a container has been started, and its host is asked at once. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { parseEngineAddress } from '../../src/docker/address.ts';
import { type Connections, createConnections } from '../../src/docker/connection.ts';
import { describeOnDocker, images } from '../support/docker.ts';
import { cleanUp, type Portolan, startPortolan } from '../support/portolan.ts';
import { openClient } from '../support/raw-http.ts';

/** Of each kind: without waiting, most of them would be 503 and the others 404. */
const times = 10;

describeOnDocker('on a real engine, asked as soon as the engine has answered', (engine) => {
  let portolan: Portolan;
  let connections: Connections;
  const name = (suffix: string): string => `${engine.prefix}${suffix}`;
  const hostOf = (suffix: string): string => `${name(suffix)}.docker.localhost`;

  beforeAll(async () => {
    portolan = await startPortolan({ dockerHost: engine.host });
    // No command line in between, which would take longer to end than Portolan needs.
    connections = createConnections(parseEngineAddress(engine.host, process.env));
  });
  afterEach(() => engine.cleanUp());
  afterAll(async () => {
    connections.close();
    await engine.cleanUp();
    await cleanUp();
  });

  const create = (suffix: string, Labels: Record<string, string> = {}) =>
    connections.writing.createContainer({ name: name(suffix), Image: images.web, Labels });

  /** Asks on a connection that is open already. */
  async function statusAfter(act: () => Promise<unknown>, host: string): Promise<number> {
    const client = await openClient(portolan.port);
    await act();
    client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const { status } = await client.answer();
    client.close();
    return status;
  }

  async function each(ask: (round: string) => Promise<number>): Promise<Record<number, number>> {
    const counts: Record<number, number> = {};
    for (let round = 0; round < times; round++) {
      const status = await ask(`r${round}`);
      counts[status] = (counts[status] ?? 0) + 1;
    }
    return counts;
  }

  test('each container that is created and started answers', { timeout: 120_000 }, async () => {
    const counts = await each((round) =>
      statusAfter(async () => (await create(round)).start(), hostOf(round)),
    );
    expect(counts).toEqual({ 200: times });
  });

  test('each that answers to a host of its label does', { timeout: 120_000 }, async () => {
    const host = `${name('shop')}.test`;
    const counts = await each((round) =>
      statusAfter(
        async () => (await create(round, { 'portolan.host': `${round}.${host}` })).start(),
        `${round}.${host}`,
      ),
    );
    expect(counts).toEqual({ 200: times });
  });

  test('each that is made anew under its name does', { timeout: 120_000 }, async () => {
    const counts = await each(async () => {
      await connections.writing
        .getContainer(name('again'))
        .remove({ force: true })
        .catch(() => undefined);
      const status = await statusAfter(async () => (await create('again')).start(), hostOf('again'));
      await portolan.answers(hostOf('again'), 200);
      return status;
    });
    expect(counts).toEqual({ 200: times });
  });

  test('each restart, and each start after a stop, ends with an answer', { timeout: 120_000 }, async () => {
    const web = await create('web');
    await web.start();
    const restarts = await each(async () => {
      await portolan.answers(hostOf('web'), 200);
      return statusAfter(() => web.restart({ t: 0 }), hostOf('web'));
    });
    const starts = await each(async () => {
      await web.stop({ t: 0 });
      await portolan.answers(hostOf('web'), 503);
      return statusAfter(() => web.start(), hostOf('web'));
    });
    expect([restarts, starts]).toEqual([{ 200: times }, { 200: times }]);
  });

  test('all services of a project that are started together answer', { timeout: 120_000 }, async () => {
    const project = { 'com.docker.compose.project': engine.prefix.slice(0, -1) };
    const statuses = await Promise.all(
      Array.from({ length: times }, (_, at) => {
        const labels = { ...project, 'com.docker.compose.service': `s${at}` };
        const host = `s${at}.${engine.prefix.slice(0, -1)}.docker.localhost`;
        return statusAfter(async () => (await create(`p${at}`, labels)).start(), host);
      }),
    );
    expect(statuses).toEqual(Array.from({ length: times }, () => 200));
  });

  test('one that is only created is 503, and nobody’s host is 404, as before', async () => {
    await create('idle');
    expect(await portolan.answers(hostOf('idle'), 503)).toContain('has been created but not started');
    expect((await portolan.get('nobody.docker.localhost')).status).toBe(404);
  });
});
