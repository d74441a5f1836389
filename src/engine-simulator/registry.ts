/** The containers there are, by id and by name. */
import type { Container } from './container.ts';
import { Refusal } from './http.ts';
import type { Random } from './random.ts';

export interface Registry {
  list(): readonly Container[];
  has(container: Container): boolean;
  /** By name, id or unique prefix of one. @throws {Refusal} 404, 400 */
  get(key: string): Container;
  add(container: Container): void;
  remove(container: Container): void;
  /** A name that may be used, with or without the slash; makes one up if none is given. @throws {Refusal} 400, 409 */
  freeName(wanted: string | null): string;
}

const pattern = /^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

export function createRegistry(random: Random): Registry {
  const containers = new Map<string, Container>();
  const named = (name: string): Container | undefined =>
    [...containers.values()].find((container) => container.name === name);
  return {
    list: () => [...containers.values()],
    has: ({ id }) => containers.has(id),
    get(key) {
      const name = key.replace(/^\//, '');
      const exact = containers.get(name) ?? named(name);
      if (exact !== undefined) return exact;
      const prefixed = [...containers.values()].filter(({ id }) => name !== '' && id.startsWith(name));
      if (prefixed.length === 1) return prefixed[0]!;
      if (prefixed.length > 1) throw new Refusal(400, `Multiple IDs found with provided prefix: ${name}`);
      throw new Refusal(404, `No such container: ${key}`);
    },
    add: (container) => void containers.set(container.id, container),
    remove: ({ id }) => void containers.delete(id),
    freeName(wanted) {
      const given = wanted ?? `simulated_${random.hex(4)}`;
      if (!pattern.test(given)) {
        throw new Refusal(
          400,
          `Invalid container name (${given}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
        );
      }
      const name = given.replace(/^\//, '');
      const holder = named(name);
      if (holder === undefined) return name;
      throw new Refusal(
        409,
        `Conflict. The container name "/${name}" is already in use by container "${holder.id}". You have to remove (or rename) that container to be able to reuse that name.`,
      );
    },
  };
}
