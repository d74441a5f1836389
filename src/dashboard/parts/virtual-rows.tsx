/** A long list of which only what is in sight is in the page; each row of one height. */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

interface Props {
  readonly label: string;
  readonly count: number;
  /** Pixels. */
  readonly rowHeight: number;
  readonly row: (index: number, style: { top: string; height: string }) => ComponentChildren;
  readonly head?: ComponentChildren;
  readonly onEnd?: () => void;
}

/** Rows beyond the edges, so that scrolling shows no gap. */
const spare = 8;

export function VirtualRows({ label, count, rowHeight, row, head, onEnd }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 900 });
  const measure = useCallback(() => {
    const { scrollTop, clientHeight } = box.current!;
    setView((before) =>
      before.top === scrollTop && before.height === clientHeight
        ? before
        : { top: scrollTop, height: clientHeight },
    );
  }, []);
  useEffect(() => {
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, [measure]);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - spare);
  const last = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + spare);
  useEffect(() => {
    if (last >= count) onEnd?.();
  }, [last, count, onEnd]);
  const rows = Array.from({ length: Math.max(0, last - first) }, (_, offset) => {
    const index = first + offset;
    return row(index, { top: `${index * rowHeight}px`, height: `${rowHeight}px` });
  });
  const height = `${Math.min(count * rowHeight + 2, 12_000_000)}px`;
  return (
    <div role="table" aria-label={label} aria-rowcount={count}>
      {head !== undefined && <div role="rowgroup">{head}</div>}
      <div
        ref={box}
        class="rows"
        role="rowgroup"
        tabIndex={0}
        onScroll={measure}
        style={{
          height,
          maxHeight: 'calc(100vh - 17rem)',
          minHeight: `${Math.min(count, 4) * rowHeight + 2}px`,
        }}
      >
        <div class="space" role="presentation" style={{ height }}>
          {rows}
        </div>
      </div>
    </div>
  );
}
