/** The calls on containers. */
import type { Container } from './container.ts';
import { containerView } from './container-view.ts';
import { readCreateBody, readRestartPolicy } from './create-body.ts';
import type { Engine } from './engine.ts';
import { type Call, done, isSet, ok, Refusal, type Reply, type Router } from './http.ts';
import { listedContainers, listView } from './list-view.ts';

/** @param portFor see `Loopback` */
export function serveContainers(
  router: Router,
  engine: Engine,
  portFor: (port: number) => Promise<number>,
): void {
  const { containers, images, clock } = engine;
  const of = ({ params }: Call): Container => containers.get(params['id']!);

  router.on('GET', '/containers/json', (call) => {
    const shown = listedContainers(containers.list(), isSet(call, 'all'), call.query.get('filters'));
    const limit = Number(call.query.get('limit')) || shown.length;
    return ok(shown.slice(0, limit).map((container) => listView(container, clock.now())));
  });
  router.on('GET', '/containers/:id/json', async (call) => {
    // The engine holds a container's lock while it starts or ends; inspect waits for it.
    await of(call).lock.settled();
    return ok(containerView(of(call)));
  });
  router.on('POST', '/containers/create', async ({ query, body }) => {
    const { config, networks } = await readCreateBody(body(), images, portFor);
    const container = containers.create(query.get('name'), config, networks);
    return { status: 201, body: { Id: container.id, Warnings: [] } };
  });
  serveLifecycle(router, engine, of);
  router.on('POST', '/containers/:id/rename', (call) => {
    containers.rename(of(call), call.query.get('name') ?? '');
    return done;
  });
  router.on('POST', '/containers/:id/update', (call) => {
    const { RestartPolicy: given } = call.body() as { RestartPolicy?: { Name?: string } };
    containers.update(of(call), { restart: given?.Name ? readRestartPolicy(given) : undefined });
    return ok({ Warnings: null });
  });
  router.on('DELETE', '/containers/:id', async (call) => {
    await containers.remove(of(call), isSet(call, 'force'));
    return done;
  });
}

function serveLifecycle(router: Router, { containers }: Engine, of: (call: Call) => Container): void {
  const changed = (yes: boolean): Reply => ({ status: yes ? 204 : 304 });
  router.on('POST', '/containers/:id/start', async (call) => changed(await containers.start(of(call))));
  router.on('POST', '/containers/:id/stop', async (call) =>
    changed(await containers.stop(of(call), seconds(call))),
  );
  router.on('POST', '/containers/:id/restart', async (call) => {
    await containers.restart(of(call), seconds(call));
    return done;
  });
  router.on('POST', '/containers/:id/kill', async (call) => {
    try {
      await containers.kill(of(call), call.query.get('signal') || 'KILL');
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 409) throw error;
      throw new Refusal(409, `Cannot kill container: ${call.params['id']}: ${error.message}`);
    }
    return done;
  });
  router.on('POST', '/containers/:id/pause', (call) => {
    containers.pause(of(call));
    return done;
  });
  router.on('POST', '/containers/:id/unpause', (call) => {
    containers.unpause(of(call));
    return done;
  });
  router.on('POST', '/containers/:id/wait', async (call) => {
    const container = of(call);
    const condition = call.query.get('condition');
    // Clients wait for the head before they start the container.
    call.res.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
    if (condition === 'removed') await containers.removed(container);
    else await containers.ended(container, condition === 'next-exit');
    call.res.end(`${JSON.stringify({ Error: null, StatusCode: container.exitCode })}\n`);
    return undefined;
  });
}

function seconds({ query }: Call): number | undefined {
  const text = query.get('t');
  if (text === null || text === '') return undefined;
  const number = Number(text);
  if (!Number.isInteger(number)) throw new Refusal(400, `strconv.Atoi: parsing "${text}": invalid syntax`);
  return number;
}
