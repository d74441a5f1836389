/** The images that the simulated engine has, and those that it can pull. */
import { createHash } from 'node:crypto';

export interface Image {
  readonly reference: string;
  readonly id: string;
  /** `80/tcp` and the like. */
  readonly exposed: readonly string[];
  readonly healthcheck: boolean;
}

export interface Images {
  find(reference: string): Image | null;
  add(
    reference: string,
    options?: { readonly exposed?: readonly string[]; readonly healthcheck?: boolean },
  ): Image;
  list(): readonly Image[];
  remove(reference: string): boolean;
  /** Whether a pull would find it. */
  exists(reference: string): boolean;
}

/** What a pull finds, beside what is there. */
const registry = /^(nginx|web|whoami|redis|app|api)(:[\w.-]+)?$/;

export function createImages(): Images {
  const images = new Map<string, Image>();
  const tagged = (reference: string): string =>
    /[:@][^/]*$/.test(reference) ? reference : `${reference}:latest`;
  const add: Images['add'] = (reference, { exposed = ['80/tcp'], healthcheck = false } = {}) => {
    const id = `sha256:${createHash('sha256').update(tagged(reference)).digest('hex')}`;
    const image = { reference: tagged(reference), id, exposed, healthcheck };
    images.set(image.reference, image);
    return image;
  };
  return {
    add,
    find: (reference) =>
      images.get(tagged(reference)) ?? [...images.values()].find((image) => image.id === reference) ?? null,
    list: () => [...images.values()],
    remove: (reference) => images.delete(tagged(reference)),
    exists: (reference) => images.has(tagged(reference)) || registry.test(reference),
  };
}
