/** The canvas of the timeline, its rows' names beside it as links, and what is under the pointer. */
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { hostPath, To } from '../parts/link.tsx';
import { useNarrow } from '../parts/narrow.ts';
import { duration, shortTime } from '../time/moment.ts';
import { useInstant, useMoment } from '../time/use-moment.ts';
import { barAt, type Row } from './bars.ts';
import { resolved } from './colour.ts';
import { axisHeight, paint } from './paint.ts';
import type { ViewControl } from './use-view.ts';

interface Props {
  readonly rows: readonly Row[];
  readonly view: ViewControl;
  readonly now: number;
}

export function TimelineCanvas({ rows, view, now }: Props) {
  const narrow = useNarrow();
  const rowHeight = narrow ? 40 : 28;
  const { at } = useMoment();
  const instant = useInstant(at);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSizeAround(canvas);
  const [top, setTop] = useState(0);
  const [pointer, setPointer] = useState<{ x: number; y: number } | null>(null);
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      const element = canvas.current;
      if (element === null || size.width === 0) return;
      const ratio = devicePixelRatio;
      element.width = size.width * ratio;
      element.height = size.height * ratio;
      const context = element.getContext('2d')!;
      context.scale(ratio, ratio);
      const colour = (name: string): string => resolved(element, name);
      paint(
        context,
        rows,
        { from: view.from, to: view.to, ...size, top, rowHeight, now, instant },
        {
          served: colour('--open'),
          gap: colour('--down'),
          line: colour('--line'),
          text: colour('--faint'),
          takeover: colour('--refused'),
          moment: colour('--down'),
        },
      );
    });
    return () => cancelAnimationFrame(frame);
  });
  const first = Math.max(0, Math.floor(top / rowHeight));
  const visible = rows.slice(first, first + Math.ceil(size.height / rowHeight) + 1);
  return (
    <div
      class="sheet timeline"
      role="region"
      aria-label="Hosts over time; arrows pan, plus and minus zoom"
      tabIndex={0}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={(event) => onKey(event, view)}
      style={{
        // Where nothing was served there is still a place to drag.
        height: `${Math.min(Math.max(rows.length, 4) * rowHeight + axisHeight + 6, 4_000_000)}px`,
      }}
    >
      <div class="stage">
        <Names rows={visible} top={axisHeight + first * rowHeight - top} rowHeight={rowHeight} />
        <div class="drawing">
          <canvas
            ref={canvas}
            role="img"
            aria-label={`${rows.length} hosts from ${shortTime(view.from)} to ${shortTime(view.to)}; each host's page lists its intervals`}
            {...view.handlers}
            onPointerMove={(event) => {
              view.handlers.onPointerMove(event);
              setPointer({ x: event.offsetX, y: event.offsetY });
            }}
            onPointerLeave={() => setPointer(null)}
          />
          {pointer !== null && (
            <Under
              pointer={pointer}
              rows={rows}
              view={view}
              size={size}
              top={top}
              rowHeight={rowHeight}
              now={now}
            />
          )}
        </div>
      </div>
      <div
        class="space"
        role="presentation"
        style={{ height: `${Math.max(0, rows.length * rowHeight + axisHeight - size.height)}px` }}
      />
    </div>
  );
}

/** Of what holds the canvas: all that it may fill. */
function useSizeAround(canvas: RefObject<HTMLCanvasElement>): {
  readonly width: number;
  readonly height: number;
} {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const around = canvas.current!.parentElement!;
    const measure = (): void => {
      const { clientWidth: width, clientHeight: height } = around;
      setSize((before) => (before.width === width && before.height === height ? before : { width, height }));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(around);
    return () => observer.disconnect();
  }, [canvas]);
  return size;
}

interface NamesProps {
  /** Those in sight. */
  readonly rows: readonly Row[];
  /** Pixels above the first of them. */
  readonly top: number;
  readonly rowHeight: number;
}

function Names({ rows, top, rowHeight }: NamesProps) {
  return (
    <ul class="names" aria-label="Hosts">
      {rows.map(({ host, bars }, index) => (
        <li key={host} class="cut" style={{ top: `${top + index * rowHeight}px`, height: `${rowHeight}px` }}>
          <To href={hostPath(host)} title={`${host}: ${bars.length} intervals`}>
            {host.replace(/\.docker\.localhost$/, '')}
          </To>
        </li>
      ))}
    </ul>
  );
}

function onKey(event: KeyboardEvent, view: ViewControl): void {
  const acts: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => view.pan(-0.1),
    ArrowRight: () => view.pan(0.1),
    '+': () => view.zoom(0.5),
    '-': () => view.zoom(2),
    '0': view.all,
  };
  const act = acts[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
}

interface UnderProps extends Props {
  readonly pointer: { readonly x: number; readonly y: number };
  readonly size: { readonly width: number; readonly height: number };
  readonly top: number;
  readonly rowHeight: number;
}

/** What the pointer is over. */
function Under({ pointer, rows, view, size, top, rowHeight, now }: UnderProps) {
  const row = rows[Math.floor((pointer.y - axisHeight + top) / rowHeight)];
  const time = view.from + (pointer.x / size.width) * (view.to - view.from);
  if (row === undefined || pointer.y < axisHeight) return null;
  const bar = barAt(row, time);
  const style = {
    top: `${Math.min(pointer.y + 14, size.height - 70)}px`,
    ...(pointer.x > size.width / 2
      ? { right: `${size.width - pointer.x + 10}px` }
      : { left: `${pointer.x + 10}px` }),
  };
  return (
    <div class="under small" style={style}>
      <strong>{row.host}</strong> <span class="faint">{shortTime(time)}</span>
      <div>
        {bar === null
          ? 'not served'
          : `${bar.interval.targets.map(({ name }) => name).join(', ')}, for ${duration((bar.to ?? now) - bar.from)}${bar.takeover ? ', taken over' : ''}`}
      </div>
    </div>
  );
}
