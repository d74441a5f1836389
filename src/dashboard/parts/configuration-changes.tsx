/** What differs between the configurations of two containers, field by field. */
import type { ConfigurationChange } from '../api/shapes.ts';

export function ConfigurationChanges({ changes }: { changes: readonly ConfigurationChange[] }) {
  return (
    <>
      {changes.map(({ field, before, after }) => (
        <div key={field} class="mono">
          {field}: {before === null ? <span class="faint">nothing</span> : <del>{textOf(before)}</del>} →{' '}
          {after === null ? <span class="faint">nothing</span> : <ins>{textOf(after)}</ins>}
        </div>
      ))}
    </>
  );
}

const textOf = (value: string): string => value || '""';
