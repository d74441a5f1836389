/** Whether the page is as narrow as a phone. */
import { useEffect, useState } from 'preact/hooks';

const query = matchMedia('(max-width: 52rem)');

export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(query.matches);
  useEffect(() => {
    const update = (): void => setNarrow(query.matches);
    query.addEventListener('change', update);
    return () => query.removeEventListener('change', update);
  }, []);
  return narrow;
}
