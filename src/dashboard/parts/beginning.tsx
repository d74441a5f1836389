/** When the log begins: for moments at which there is nothing to show. */
import { useBeginning } from '../time/window.ts';
import { Instant } from './instant.tsx';

export function Beginning() {
  const beginning = useBeginning();
  if (beginning === null) return null;
  return (
    <p>
      The log begins at <Instant at={new Date(beginning).toISOString()} />.
    </p>
  );
}
