/** A long list of which only what is in sight is in the page; the heights of its rows are known. */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';

interface Props {
  readonly label: string;
  readonly count: number;
  /** Pixels: of all rows, or of each. */
  readonly rowHeight: number | ((index: number) => number);
  readonly row: (index: number, style: { top: string; height: string }) => ComponentChildren;
  readonly head?: ComponentChildren;
  readonly onEnd?: () => void;
  /** Tells rows apart: what one reads stays where it is while others come in front of it. */
  readonly keyOf?: (index: number) => string | number | undefined;
}

/** Rows beyond the edges, so that scrolling shows no gap. */
const spare = 8;

export function VirtualRows({ label, count, rowHeight, row, head, onEnd, keyOf }: Props) {
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
  const places = useMemo(() => placesOf(count, rowHeight), [count, rowHeight]);
  useStill(box, places, keyOf);
  const first = Math.max(0, places.at(view.top) - spare);
  const last = Math.min(count, places.at(view.top + view.height) + 1 + spare);
  useEffect(() => {
    if (last >= count) onEnd?.();
  }, [last, count, onEnd]);
  const rows = Array.from({ length: Math.max(0, last - first) }, (_, offset) => {
    const index = first + offset;
    const top = places.top(index);
    return row(index, { top: `${top}px`, height: `${places.top(index + 1) - top}px` });
  });
  const height = `${Math.min(places.top(count) + 2, 12_000_000)}px`;
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
          minHeight: `${places.top(Math.min(count, 4)) + 2}px`,
        }}
      >
        <div class="space" role="presentation" style={{ height }}>
          {rows}
        </div>
      </div>
    </div>
  );
}

interface Places {
  /** Pixels above a row. */
  top(index: number): number;
  /** The row at so many pixels. */
  at(pixels: number): number;
}

function placesOf(count: number, height: number | ((index: number) => number)): Places {
  if (typeof height === 'number')
    return { top: (index) => index * height, at: (pixels) => Math.max(0, Math.floor(pixels / height)) };
  const tops = new Float64Array(count + 1);
  for (let index = 0; index < count; index++) tops[index + 1] = tops[index]! + height(index);
  return {
    top: (index) => tops[Math.min(index, count)]!,
    at(pixels) {
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (tops[middle]! <= pixels) low = middle;
        else high = middle - 1;
      }
      return low;
    },
  };
}

/** Rows that come in front are looked for among so many. */
const mostNew = 500;

/** Keeps the row at the upper edge where it is, once one has scrolled, when rows come in front of it. */
function useStill(
  box: { readonly current: HTMLDivElement | null },
  places: Places,
  keyOf: Props['keyOf'],
): void {
  const before = useRef<{ key: string | number; index: number } | null>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || keyOf === undefined) return;
    const known = before.current;
    if (element.scrollTop > 0 && known !== null && keyOf(known.index) !== known.key)
      for (let index = known.index + 1; index <= known.index + mostNew; index++)
        if (keyOf(index) === known.key) {
          element.scrollTop += places.top(index) - places.top(known.index);
          break;
        }
    const index = places.at(element.scrollTop);
    const key = keyOf(index);
    before.current = key === undefined ? null : { key, index };
  });
}
