/** A list newest first: its first page is kept current, older ones are added as they are asked for. */
import { useState } from 'preact/hooks';
import { read } from './client.ts';
import type { Page } from './shapes.ts';
import { type Asked, useApi } from './use-api.ts';

interface Older<T> {
  readonly path: string;
  /** What the first page was when the first older one was asked for, and all that follow. */
  readonly items: readonly T[];
  readonly next: string | undefined;
}

export interface Growing<T> extends Asked<readonly T[]> {
  /** Null where there are no older ones. @throws {ApiProblem} */
  readonly more: (() => Promise<void>) | null;
}

/** @param keyOf tells entries apart */
export function useOlder<T>(
  path: string,
  keyOf: (item: T) => string | number,
  options: { readonly past?: boolean; readonly when?: boolean } = {},
): Growing<T> {
  const first = useApi<Page<T>>(path, options);
  const [loaded, setLoaded] = useState<Older<T> | null>(null);
  const older = loaded?.path === path ? loaded : null;
  const next = older === null ? first.data?.next : older.next;
  const more = async (): Promise<void> => {
    const before = older?.items ?? first.data?.items ?? [];
    const cursor = `cursor=${encodeURIComponent(next ?? '')}`;
    const page = await read<Page<T>>(`${path}${path.includes('?') ? '&' : '?'}${cursor}`);
    setLoaded({ path, items: [...before, ...page.items], next: page.next });
  };
  return {
    data: joined(first.data?.items, older?.items, keyOf),
    error: first.error,
    waiting: first.waiting,
    more: next === undefined ? null : more,
  };
}

/** Entries of the first page are the current ones. */
function joined<T>(
  first: readonly T[] | undefined,
  older: readonly T[] | undefined,
  keyOf: (item: T) => string | number,
): readonly T[] | undefined {
  if (first === undefined || older === undefined) return first;
  const current = new Set(first.map(keyOf));
  return [...first, ...older.filter((item) => !current.has(keyOf(item)))];
}
