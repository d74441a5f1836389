/** The calls of the Docker Engine API that the simulator knows. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './clock.ts';
import { type Container, type ContainerConfig, isRunning } from './container.ts';
import type { Containers } from './containers.ts';
import type { EventStreams } from './event-streams.ts';
import { type Call, Refusal, type Router, send } from './http.ts';
import type { Images } from './images.ts';
import type { Journal } from './journal.ts';
import type { Networks } from './networks.ts';
import { inspectView, listView, networkView } from './views.ts';

export interface Engine {
  readonly id: string;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly containers: Containers;
  readonly images: Images;
  readonly networks: Networks;
  readonly events: EventStreams;
}

export function serveApi(router: Router, engine: Engine): void {
  serveSystem(router, engine);
  serveContainers(router, engine);
  serveStreams(router, engine);
  serveNetworks(router, engine);
  serveImages(router, engine);
}

const version = {
  Version: '20.10.24-simulated',
  ApiVersion: '1.41',
  MinAPIVersion: '1.12',
  Os: 'linux',
  Arch: 'amd64',
};

function serveSystem(router: Router, { id, containers, events }: Engine): void {
  const ping = ({ res }: Call): undefined => {
    res
      .writeHead(200, { 'Api-Version': '1.41', 'Content-Type': 'text/plain', 'Docker-Experimental': 'false' })
      .end('OK');
  };
  router.on('GET', '/_ping', ping);
  router.on('HEAD', '/_ping', ping);
  router.on('GET', '/version', () => version);
  router.on('GET', '/info', () => ({
    ID: id,
    Name: 'simulator',
    ServerVersion: version.Version,
    OperatingSystem: 'Portolan engine simulator',
    OSType: 'linux',
    SecurityOptions: ['name=seccomp,profile=default'],
    Containers: containers.list().length,
  }));
  router.on('GET', '/events', (call) => events.serve(call));
}

function serveContainers(router: Router, engine: Engine): void {
  const { containers, clock } = engine;
  const of = ({ params }: Call): Container => containers.get(params['id']!);
  router.on('GET', '/containers/json', ({ query }) =>
    containers
      .list()
      .filter((container) => ['1', 'true'].includes(query.get('all') ?? '') || isRunning(container))
      .filter(listFilter(query.get('filters')))
      .map((container) => listView(container, clock.now())),
  );
  router.on('GET', '/containers/:id/json', (call) => inspectView(of(call)));
  router.on('POST', '/containers/create', ({ query, body, res }) => {
    const container = containers.create(query.get('name'), readConfig(body, engine));
    send(res, 201, { Id: container.id, Warnings: [] });
  });
  router.on('POST', '/containers/:id/start', async (call) =>
    (await containers.start(of(call))) ? 204 : 304,
  );
  router.on('POST', '/containers/:id/stop', async (call) => ((await containers.stop(of(call))) ? 204 : 304));
  const done =
    (work: (call: Call) => unknown) =>
    async (call: Call): Promise<number> => {
      await work(call);
      return 204;
    };
  router.on(
    'POST',
    '/containers/:id/restart',
    done((call) => containers.restart(of(call))),
  );
  router.on(
    'POST',
    '/containers/:id/kill',
    done((call) => containers.kill(of(call), call.query.get('signal') ?? 'KILL')),
  );
  router.on(
    'POST',
    '/containers/:id/pause',
    done((call) => containers.pause(of(call))),
  );
  router.on(
    'POST',
    '/containers/:id/unpause',
    done((call) => containers.unpause(of(call))),
  );
  router.on(
    'POST',
    '/containers/:id/rename',
    done((call) => containers.rename(of(call), call.query.get('name') ?? '')),
  );
  const isSet = ({ query }: Call, name: string): boolean => ['1', 'true'].includes(query.get(name) ?? '');
  router.on(
    'DELETE',
    '/containers/:id',
    done((call) => containers.remove(of(call), isSet(call, 'force'))),
  );
  router.on('POST', '/containers/:id/wait', async (call) => {
    const container = of(call);
    while (isRunning(container)) await sleep(20);
    return { StatusCode: container.exitCode };
  });
}

function readConfig(body: Readonly<Record<string, unknown>>, { images }: Engine): ContainerConfig {
  const imageName = String(body['Image'] ?? '');
  const image = images.find(imageName);
  if (image === null) throw new Refusal(404, `No such image: ${imageName}`);
  const host = (body['HostConfig'] ?? {}) as {
    NetworkMode?: string;
    AutoRemove?: boolean;
    RestartPolicy?: { Name?: ContainerConfig['restart'] | '' };
    PortBindings?: ContainerConfig['portBindings'];
  };
  const health = body['Healthcheck'] as { Test?: string[] } | undefined;
  return {
    image,
    imageName,
    labels: (body['Labels'] ?? {}) as Record<string, string>,
    env: (body['Env'] ?? []) as string[],
    cmd: (body['Cmd'] ?? []) as string[],
    exposed: [...new Set([...image.exposed, ...Object.keys(body['ExposedPorts'] ?? {})])],
    networkMode: host.NetworkMode || 'default',
    restart: host.RestartPolicy?.Name || 'no',
    autoRemove: host.AutoRemove ?? false,
    healthcheck: health?.Test === undefined ? image.healthcheck : health.Test[0] !== 'NONE',
    portBindings: host.PortBindings ?? {},
  };
}

function listFilter(text: string | null): (container: Container) => boolean {
  if (text === null || text === '') return () => true;
  const filters = JSON.parse(text) as Record<string, string[] | Record<string, boolean>>;
  const values = (name: string): string[] | null => {
    const given = filters[name];
    return given === undefined ? null : Array.isArray(given) ? given : Object.keys(given);
  };
  const [ids, names, states, labels] = [values('id'), values('name'), values('status'), values('label')];
  return (container) =>
    (ids?.some((id) => container.id.startsWith(id)) ?? true) &&
    (names?.some((name) => container.name.includes(name.replace(/^[\^/]+/, ''))) ?? true) &&
    (states?.includes(container.status) ?? true) &&
    (labels?.every((label) => {
      const [key, value] = label.split('=');
      return (
        key! in container.config.labels && (value === undefined || container.config.labels[key!] === value)
      );
    }) ??
      true);
}

/** One frame of a multiplexed stream: type, three zeros, length, payload. */
function frame(text: string): Buffer {
  const payload = Buffer.from(`${text}\n`);
  const head = Buffer.alloc(8);
  head[0] = 1;
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, payload]);
}

function serveStreams(router: Router, { containers }: Engine): void {
  router.on('GET', '/containers/:id/logs', ({ params, query, res }) => {
    const container = containers.get(params['id']!);
    res.writeHead(200, { 'Content-Type': 'application/vnd.docker.raw-stream' });
    const tail = query.get('tail') ?? 'all';
    const from = tail === 'all' ? 0 : Math.max(0, container.output.length - Number(tail));
    let sent = from;
    const flush = (): void => {
      for (; sent < container.output.length; sent++) res.write(frame(container.output[sent]!));
    };
    flush();
    if (!['1', 'true'].includes(query.get('follow') ?? '')) {
      res.end();
      return;
    }
    const timer = setInterval(() => {
      flush();
      if (!isRunning(container)) res.end();
    }, 50);
    res.on('close', () => clearInterval(timer));
  });
  router.on('GET', '/containers/:id/stats', ({ params, query, res }) => {
    const container = containers.get(params['id']!);
    const sample = (): string =>
      `${JSON.stringify({
        read: new Date().toISOString(),
        id: container.id,
        name: `/${container.name}`,
        cpu_stats: { cpu_usage: { total_usage: 1_000_000 }, system_cpu_usage: 1_000_000_000, online_cpus: 2 },
        memory_stats: { usage: 4_194_304, limit: 1_073_741_824 },
        networks: {},
      })}\n`;
    res.writeHead(200, { 'Content-Type': 'application/json' });
    res.write(sample());
    if (['0', 'false'].includes(query.get('stream') ?? '')) {
      res.end();
      return;
    }
    const timer = setInterval(() => res.write(sample()), 1_000);
    res.on('close', () => clearInterval(timer));
  });
}

function serveNetworks(router: Router, { networks, containers }: Engine): void {
  const find = (key: string) => {
    const network = networks.find(key);
    if (network === null) throw new Refusal(404, `network ${key} not found`);
    return network;
  };
  router.on('GET', '/networks', () => networks.list().map(networkView));
  router.on('GET', '/networks/:id', ({ params }) => networkView(find(params['id']!)));
  router.on('POST', '/networks/create', ({ body, res }) => {
    const name = String(body['Name'] ?? '');
    if (networks.find(name) !== null) throw new Refusal(409, `network with name ${name} already exists`);
    send(res, 201, { Id: networks.create(name).id, Warning: '' });
  });
  router.on('POST', '/networks/:id/connect', ({ params, body }) => {
    containers.connect(containers.get(String(body['Container'])), find(params['id']!));
    return 200;
  });
  router.on('POST', '/networks/:id/disconnect', ({ params, body }) => {
    containers.disconnect(containers.get(String(body['Container'])), find(params['id']!));
    return 200;
  });
  router.on('DELETE', '/networks/:id', ({ params }) => {
    const { name } = find(params['id']!);
    if (containers.list().some((container) => container.networks.has(name) && isRunning(container))) {
      throw new Refusal(403, `error while removing network: network ${name} has active endpoints`);
    }
    networks.remove(name);
    return 204;
  });
}

function serveImages(router: Router, { images, containers }: Engine): void {
  const view = (image: { reference: string; id: string; exposed: readonly string[] }) => ({
    Id: image.id,
    RepoTags: [image.reference],
    Config: { ExposedPorts: Object.fromEntries(image.exposed.map((port) => [port, {}])) },
    Created: 0,
    Size: 1_000_000,
  });
  router.on('GET', '/images/json', () => images.list().map(view));
  router.on('GET', '/images/*name/json', ({ params }) => {
    const image = images.find(params['name']!);
    if (image === null) throw new Refusal(404, `No such image: ${params['name']}`);
    return view(image);
  });
  router.on('POST', '/images/create', async ({ query, res }) => {
    const name = query.get('fromImage') ?? '';
    const tag = query.get('tag') ?? '';
    await pull(res, images, tag === '' ? name : `${name}:${tag}`);
  });
  router.on('DELETE', '/images/*name', ({ params }) => {
    const image = images.find(params['name']!);
    if (image === null) throw new Refusal(404, `No such image: ${params['name']}`);
    if (containers.list().some(({ config }) => config.image === image)) {
      throw new Refusal(409, `conflict: unable to remove ${params['name']}: image is being used`);
    }
    images.remove(image.reference);
    return [{ Deleted: image.id }];
  });
}

/** Progress line by line; an error comes inside of the stream, after a 200, as with the real engine. */
async function pull(res: Call['res'], images: Images, reference: string): Promise<void> {
  const say = (line: unknown): void => void res.write(`${JSON.stringify(line)}\r\n`);
  res.writeHead(200, { 'Content-Type': 'application/json' });
  say({ status: `Pulling from ${reference}`, id: 'latest' });
  if (!images.exists(reference)) {
    const message = `pull access denied for ${reference}, repository does not exist`;
    say({ errorDetail: { message }, error: message });
    res.end();
    return;
  }
  for (let part = 1; part <= 5; part++) {
    await sleep(40);
    say({
      status: 'Downloading',
      id: 'layer',
      progressDetail: { current: part * 200_000, total: 1_000_000 },
    });
  }
  images.add(reference);
  say({ status: `Status: Downloaded newer image for ${reference}` });
  res.end();
}
