/** The calls on images. */
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { instant } from './clock.ts';
import type { Engine } from './engine.ts';
import type { Faults } from './faults.ts';
import { type Call, isSet, ok, Refusal, type Reply, type Router } from './http.ts';
import { type Image, withTag } from './images.ts';

export function serveImages(router: Router, engine: Engine, faults: Faults): void {
  const { images, containers } = engine;
  router.on('GET', '/images/json', () => ok(images.list().map(listView)));
  router.on('GET', '/images/*name/json', ({ params }) => {
    const image = images.find(params['name']!);
    if (image === null) {
      const name = params['name']!;
      throw new Refusal(404, `no such image: ${name}: No such image: ${withTag(name)}`);
    }
    return ok(imageView(image));
  });
  router.on('POST', '/images/create', (call) => pull(call, engine, faults));
  router.on('POST', '/images/*name/tag', ({ params, query }) => {
    const image = images.get(params['name']!);
    const tag = query.get('tag') || 'latest';
    images.tag(image, `${query.get('repo') ?? ''}:${tag}`);
    return { status: 201 };
  });
  router.on('DELETE', '/images/*name', (call) => {
    const isUsed = (image: Image): boolean => containers.list().some(({ config }) => config.image === image);
    return ok(images.remove(call.params['name']!, isSet(call, 'force'), isUsed));
  });
}

/**
 * Progress line by line. What is not there is refused with 404 before the first line, but a pull that fails underway
 * says so in a line, after its 200.
 */
async function pull(
  { query, res }: Call,
  { images, timings }: Engine,
  faults: Faults,
): Promise<Reply | undefined> {
  const name = query.get('fromImage') ?? '';
  if (name === '') throw new Refusal(400, 'only pulls are simulated: fromImage is needed');
  const tag = query.get('tag') ?? '';
  const reference = withTag(tag === '' ? name : `${name}:${tag}`);
  if (!images.canPull(reference)) {
    throw new Refusal(
      404,
      `pull access denied for ${name}, repository does not exist or may require 'docker login'`,
    );
  }
  const fresh = images.find(reference) === null;
  res.writeHead(200, { 'Content-Type': 'application/json' });
  say(res, { status: `Pulling from ${name}`, id: tag || 'latest' });
  const total = 1_000_000;
  for (let current = 200_000; fresh && current <= total; current += 200_000) {
    await sleep(timings.pull);
    if (res.destroyed) return undefined;
    say(res, { status: 'Downloading', progressDetail: { current, total }, id: 'a1b2c3d4e5f6' });
  }
  const { pullError: message } = faults;
  if (fresh && message !== null) {
    say(res, { errorDetail: { message }, error: message });
    res.end();
    return undefined;
  }
  images.finishPull(reference);
  say(res, {
    status: `Status: ${fresh ? 'Downloaded newer image' : 'Image is up to date'} for ${reference}`,
  });
  res.end();
  return undefined;
}

const say = (res: ServerResponse, line: unknown): void => void res.write(`${JSON.stringify(line)}\r\n`);

const size = 1_000_000;

const listView = ({ id, references, created, labels }: Image): Record<string, unknown> => ({
  Containers: -1,
  Created: Number(created / 1_000_000_000n),
  Id: id,
  Labels: labels,
  ParentId: '',
  RepoDigests: null,
  RepoTags: references.size > 0 ? [...references] : ['<none>:<none>'],
  SharedSize: -1,
  Size: size,
  VirtualSize: size,
});

function imageView(image: Image): Record<string, unknown> {
  const { id, references, created, exposed, labels, env, cmd, healthcheck } = image;
  return {
    Id: id,
    RepoTags: [...references],
    RepoDigests: [],
    Parent: '',
    Comment: '',
    Created: instant(created),
    DockerVersion: '',
    Config: {
      ExposedPorts: Object.fromEntries(exposed.map((port) => [port, {}])),
      Env: env,
      Cmd: cmd,
      Labels: labels,
      Entrypoint: null,
      ...(healthcheck === null ? {} : { Healthcheck: { Test: healthcheck.test } }),
    },
    Architecture: 'amd64',
    Os: 'linux',
    Size: size,
    VirtualSize: size,
    RootFS: { Type: 'layers', Layers: [id] },
  };
}
