/** The images that the simulated engine has, and those that it can pull. */
import { createHash } from 'node:crypto';
import type { Healthcheck } from './container.ts';
import { Refusal } from './http.ts';
import type { Journal } from './journal.ts';

export interface Image {
  readonly id: string;
  /** With tag, e.g. `web:latest`; without any, the image has no name any more. */
  readonly references: Set<string>;
  /** Nanoseconds since the epoch. */
  readonly created: bigint;
  /** `80/tcp` and the like. */
  readonly exposed: readonly string[];
  readonly healthcheck: Healthcheck | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly env: readonly string[];
  readonly cmd: readonly string[];
}

export type ImageOptions = Partial<Pick<Image, 'exposed' | 'healthcheck' | 'labels' | 'env' | 'cmd'>>;

export interface Images {
  /** By name or id. */
  find(reference: string): Image | null;
  /** @throws {Refusal} 404 */
  get(reference: string): Image;
  /** Puts it there, under that name, without a word. */
  add(reference: string, options?: ImageOptions): Image;
  list(): readonly Image[];
  tag(image: Image, reference: string): void;
  /** @returns what happened, as the API says it. @throws {Refusal} 409 if `isUsed` says so, and not forced */
  remove(reference: string, force: boolean, isUsed: (image: Image) => boolean): Record<string, string>[];
  /** Makes an image known to pulls, beside a few usual names. */
  publish(reference: string, options?: ImageOptions): void;
  canPull(reference: string): boolean;
  /** Has it from here on. */
  finishPull(reference: string): void;
}

/** What a pull finds without being told. */
const usual = /^(?:nginx|httpd|caddy|whoami|web|api|app|redis)(?::[\w.-]+)?$/;

/** In the one form that is kept: with a tag, without what stands for the usual registry. */
export function withTag(reference: string): string {
  const familiar = reference.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
  return /[:@][^/]*$/.test(familiar) ? familiar : `${familiar}:latest`;
}

export function createImages(now: () => bigint, journal: Journal): Images {
  const images = new Set<Image>();
  const published = new Map<string, ImageOptions>();

  function find(reference: string): Image | null {
    const isId = /^(?:sha256:)?[0-9a-f]{12,64}$/.test(reference);
    for (const image of images) {
      if (image.references.has(withTag(reference))) return image;
      if (isId && image.id.startsWith(`sha256:${reference.replace('sha256:', '')}`)) return image;
    }
    return null;
  }

  function get(reference: string): Image {
    const image = find(reference);
    if (image === null) throw new Refusal(404, `No such image: ${withTag(reference)}`);
    return image;
  }

  function add(reference: string, options: ImageOptions = {}): Image {
    const name = withTag(reference);
    for (const other of images) other.references.delete(name);
    const image = {
      id: `sha256:${createHash('sha256')
        .update(`${name} ${JSON.stringify(options)}`)
        .digest('hex')}`,
      references: new Set([name]),
      created: now(),
      exposed: ['80/tcp'],
      healthcheck: null,
      labels: {},
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      cmd: ['serve'],
      ...options,
    };
    images.add(image);
    return image;
  }

  return {
    find,
    get,
    add,
    list: () => [...images],
    tag(image, reference) {
      const name = withTag(reference);
      for (const other of images) other.references.delete(name);
      image.references.add(name);
      journal.emit('image', 'tag', image.id, { ...image.labels, name });
    },
    remove(reference, force, isUsed) {
      const image = get(reference);
      const last = image.references.size <= 1 || image.id.endsWith(reference);
      if (last && !force && isUsed(image)) {
        throw new Refusal(
          409,
          `conflict: unable to remove repository reference "${reference}" (must force) - a container is using its referenced image ${image.id.slice(7, 19)}`,
        );
      }
      const names = last ? [...image.references] : [withTag(reference)];
      for (const name of names) image.references.delete(name);
      const gone = names.map((name) => ({ Untagged: name }));
      for (const _ of names) journal.emit('image', 'untag', image.id, { name: image.id });
      if (!last || isUsed(image)) return gone;
      images.delete(image);
      journal.emit('image', 'delete', image.id, { name: image.id });
      return [...gone, { Deleted: image.id }];
    },
    publish: (reference, options = {}) => void published.set(withTag(reference), options),
    canPull: (reference) => published.has(withTag(reference)) || usual.test(withTag(reference)),
    finishPull(reference) {
      const name = withTag(reference);
      const image = find(name) ?? add(name, published.get(name));
      journal.emit('image', 'pull', name, { ...image.labels, name: name.split(':')[0]! });
    },
  };
}
