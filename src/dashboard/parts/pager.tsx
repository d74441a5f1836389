/** A long list of rows of any height, a page at a time. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

interface Props<T> {
  readonly items: readonly T[];
  /** For the buttons: "rows", "routes". */
  readonly of: string;
  readonly children: (shown: readonly T[]) => ComponentChildren;
}

const size = 50;

export function Pager<T>({ items, of, children }: Props<T>) {
  const [wanted, setWanted] = useState(0);
  const last = Math.max(0, Math.ceil(items.length / size) - 1);
  const page = Math.min(wanted, last);
  const from = page * size;
  const to = Math.min(items.length, from + size);
  return (
    <>
      {children(items.slice(from, to))}
      {last > 0 && (
        <div class="row" style={{ paddingBlock: '0.6rem' }}>
          <button type="button" class="button" disabled={page === 0} onClick={() => setWanted(page - 1)}>
            Earlier {of}
          </button>
          <span class="faint" role="status">
            {(from + 1).toLocaleString('en')} to {to.toLocaleString('en')} of{' '}
            {items.length.toLocaleString('en')}
          </span>
          <button type="button" class="button" disabled={page === last} onClick={() => setWanted(page + 1)}>
            Further {of}
          </button>
        </div>
      )}
    </>
  );
}
