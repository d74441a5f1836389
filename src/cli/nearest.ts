/** Adds the nearest names to a failure that says there is no such container or host. */
import { nearest } from '../routing/nearest.ts';
import type { Client } from './client.ts';
import { CliFailure, exitCodes } from './failure.ts';

const lists = {
  container: { path: '/containers', name: (item: { name?: string }) => item.name ?? '' },
  host: { path: '/hosts', name: (item: { host?: string }) => item.host ?? '' },
} as const;

/** @throws {CliFailure} as `work` does */
export async function namingNearest<T>(
  client: Client,
  kind: keyof typeof lists,
  wanted: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CliFailure) || error.exitCode !== exitCodes.notFound) throw error;
    const { path, name } = lists[kind];
    const page = await client.list<object>(path).catch(() => ({ items: [] }));
    const near = nearNames(wanted, page.items.map(name));
    if (near.length === 0) throw error;
    throw new CliFailure(error.message, error.exitCode, [...error.hints, `did you mean ${near.join(', ')}?`]);
  }
}

/** At most three that could have been meant: those it is a part of, then those that are spelled alike. */
export function nearNames(wanted: string, names: readonly string[]): string[] {
  const lower = wanted.toLowerCase();
  const parts = names.filter((name) => name.includes(lower));
  const alike = nearest(lower, names, Math.max(2, Math.ceil(lower.length / 4)), 3);
  return [...new Set([...parts, ...alike])].slice(0, 3);
}
