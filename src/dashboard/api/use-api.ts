/** Answers of the API in components: kept, shared, asked again when events come. */
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/preact-query';
import { useRef } from 'preact/hooks';
import { ApiProblem, read, readAll, type Some } from './client.ts';

export interface Asked<T> {
  readonly data: T | undefined;
  readonly error: ApiProblem | null;
  /** Nothing has been answered yet. */
  readonly waiting: boolean;
}

interface Options<T> {
  /** The answer cannot change any more. */
  readonly past?: boolean;
  /** Asked again after so many milliseconds, whatever happens. */
  readonly every?: number;
  /** Milliseconds that it is left alone after an answer, whatever happens: for answers that are costly. */
  readonly rest?: (data: T) => number;
  /** Not asked until this is true. */
  readonly when?: boolean;
}

export const useApi = <T>(path: string, options: Options<T> = {}): Asked<T> =>
  useAsked(path, () => read<T>(path), options);

/** A whole list, over all of its pages. */
export function useList<T>(path: string, options: Pick<Options<never>, 'past'> = {}): Asked<readonly T[]> {
  const { data, ...rest } = useSome<T>(path, 20_000, options);
  return { data: data?.items, ...rest };
}

/** A list over its pages, as far as it can be shown; the first time, while nothing else is there, page by page. */
export function useSome<T>(path: string, most: number, options: Options<Some<T>> = {}): Asked<Some<T>> {
  const client = useQueryClient();
  const whole = useRef(false);
  const key = `all ${path}`;
  const ask = async (): Promise<Some<T>> => {
    const all = await readAll<T>(path, most, (items) => {
      if (!whole.current) client.setQueryData([key], { items, more: false });
    });
    whole.current = true;
    return all;
  };
  return useAsked(key, ask, options);
}

function useAsked<T>(
  key: string,
  ask: () => Promise<T>,
  { past = false, every, rest, when = true }: Options<T>,
): Asked<T> {
  const { data, error, isPending } = useQuery({
    queryKey: [key],
    queryFn: ask,
    enabled: when,
    placeholderData: keepPreviousData,
    meta: { past, rest: (data: T | undefined) => (data === undefined ? 0 : (rest?.(data) ?? 0)) },
    staleTime: past ? Number.POSITIVE_INFINITY : 2_000,
    ...(every === undefined ? {} : { refetchInterval: every }),
    retry: (count, problem) => problem instanceof ApiProblem && problem.status >= 500 && count < 2,
  });
  return { data: data as T | undefined, error: error as ApiProblem | null, waiting: when && isPending };
}
