/** Answers of the API in components: kept, shared, asked again when events come. */
import { keepPreviousData, useQuery } from '@tanstack/preact-query';
import { ApiProblem, read, readAll } from './client.ts';

export interface Asked<T> {
  readonly data: T | undefined;
  readonly error: ApiProblem | null;
  /** Nothing has been answered yet. */
  readonly waiting: boolean;
}

interface Options {
  /** The answer cannot change any more. */
  readonly past?: boolean;
  /** Asked again after so many milliseconds, whatever happens. */
  readonly every?: number;
  /** Not asked until this is true. */
  readonly when?: boolean;
}

export const useApi = <T>(path: string, options: Options = {}): Asked<T> =>
  useAsked(path, () => read<T>(path), options);

/** A whole list, over all of its pages. */
export const useList = <T>(path: string, options: Options = {}): Asked<readonly T[]> =>
  useAsked(`all ${path}`, () => readAll<T>(path), options);

function useAsked<T>(
  key: string,
  ask: () => Promise<T>,
  { past = false, every, when = true }: Options,
): Asked<T> {
  const { data, error, isPending } = useQuery({
    queryKey: [key],
    queryFn: ask,
    enabled: when,
    placeholderData: keepPreviousData,
    meta: { past },
    staleTime: past ? Number.POSITIVE_INFINITY : 2_000,
    ...(every === undefined ? {} : { refetchInterval: every }),
    retry: (count, problem) => problem instanceof ApiProblem && problem.status >= 500 && count < 2,
  });
  return { data: data as T | undefined, error: error as ApiProblem | null, waiting: when && isPending };
}
