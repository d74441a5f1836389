/** The scrubber, drawn as a chart's scale bar, with the density of events above it. */
import { scaleTime } from 'd3-scale';
import { useRef, useState } from 'preact/hooks';
import { withQuery } from '../api/client.ts';
import type { Density } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { useNarrow } from '../parts/narrow.ts';
import { shortTime, tickTime } from './moment.ts';
import { useInstant, useMoment } from './use-moment.ts';
import { buckets, spans, useBeginning, useWindow, type Window } from './window.ts';

/** From this share of the scale on, the right edge means live. */
const nearLive = 0.995;

export function Scale() {
  const { at, go } = useMoment();
  const narrow = useNarrow();
  const instant = useInstant(at);
  const [span, setSpan] = useState<number | null>(null);
  const window = useWindow(span, instant);
  const beginning = useBeginning() ?? window.from;
  const box = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<number | null>(null);
  const width = window.to - window.from;
  const shown = instant ?? window.to;
  const share = (time: number): number => Math.min(1, Math.max(0, (time - window.from) / width));

  const shareAt = (event: PointerEvent): number => {
    const { left, width: pixels } = box.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - left) / pixels));
  };
  const goTo = (time: number, replace = false): void => {
    const bounded = Math.max(beginning, time);
    const live = (bounded - window.from) / width >= nearLive && window.to >= Date.now();
    go(live ? null : new Date(bounded).toISOString(), replace);
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = (width / buckets) * (event.shiftKey ? 10 : 1);
    const steps: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => goTo(shown - step),
      ArrowRight: () => goTo(shown + step),
      PageDown: () => goTo(shown - step * 10),
      PageUp: () => goTo(shown + step * 10),
      Home: () => goTo(beginning),
      End: () => go(null),
      '+': () => setSpan(nextSpan(width, -1)),
      '-': () => setSpan(nextSpan(width, 1)),
    };
    const act = steps[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  return (
    <div
      ref={box}
      class="scale"
      role="slider"
      tabIndex={0}
      aria-label="Moment shown; plus and minus zoom"
      aria-valuemin={Math.round(Math.min(beginning, shown))}
      aria-valuemax={Math.round(window.to)}
      aria-valuenow={Math.round(shown)}
      aria-valuetext={instant === null ? 'live' : shortTime(instant)}
      onKeyDown={onKey}
      onWheel={(event) => {
        event.preventDefault();
        setSpan(nextSpan(width, Math.sign(event.deltaY)));
      }}
      onPointerDown={(event) => {
        box.current!.setPointerCapture(event.pointerId);
        goTo(window.from + shareAt(event) * width);
      }}
      onPointerMove={(event) => {
        setHover(shareAt(event));
        if (event.buttons === 1) goTo(window.from + shareAt(event) * width, true);
      }}
      onPointerLeave={() => setHover(null)}
    >
      <Bars window={window} />
      <Axis window={window} ticks={narrow ? 4 : 7} />
      {hover !== null && (
        <div class={hover > 0.8 ? 'hover left' : 'hover'} style={{ left: `${hover * 100}%` }}>
          <span>{shortTime(window.from + hover * width)}</span>
        </div>
      )}
      <div class="knob" style={{ left: `${share(shown) * 100}%` }} />
    </div>
  );
}

const nextSpan = (width: number, direction: number): number => {
  const at = spans.findIndex((span) => span >= width * 0.99);
  return spans[Math.min(spans.length - 1, Math.max(0, (at === -1 ? spans.length - 1 : at) + direction))]!;
};

/** How much happened, bucket by bucket; nothing where the API cannot say. */
function Bars({ window }: { window: Window }) {
  const { data } = useApi<Density>(
    withQuery('/events/density', {
      from: new Date(window.from).toISOString(),
      to: new Date(window.to).toISOString(),
      buckets,
    }),
  );
  if (data === undefined) return null;
  const width = window.to - window.from;
  const most = Math.max(1, ...data.buckets.map(({ events }) => events));
  return (
    <svg viewBox="0 0 1000 50" preserveAspectRatio="none" aria-hidden="true">
      {data.buckets.map(({ from, to, events }) => {
        const height = events === 0 ? 0 : 2 + 24 * Math.sqrt(events / most);
        const x = ((Date.parse(from) - window.from) / width) * 1_000;
        const wide = ((Date.parse(to) - Date.parse(from)) / width) * 1_000;
        return (
          <rect key={from} class="bar" x={x} y={28 - height} width={Math.max(1, wide - 1)} height={height} />
        );
      })}
    </svg>
  );
}

/** Alternating lengths, as on a chart's border. */
function Axis({ window, ticks: wanted }: { window: Window; ticks: number }) {
  const scale = scaleTime([new Date(window.from), new Date(window.to)], [0, 1_000]);
  const ticks = scale.ticks(wanted);
  const edges = [0, ...ticks.map((tick) => scale(tick)), 1_000];
  const step = ticks.length > 1 ? ticks[1]!.getTime() - ticks[0]!.getTime() : 1;
  const parity = Math.round((ticks[0]?.getTime() ?? 0) / step) % 2;
  return (
    <>
      <svg viewBox="0 0 1000 50" preserveAspectRatio="none" aria-hidden="true">
        {edges.slice(1).map((edge, index) => (
          <rect
            key={edge}
            class={(index + parity) % 2 === 0 ? 'filled' : 'hollow'}
            x={edges[index]}
            y={29}
            width={edge - edges[index]!}
            height={4}
          />
        ))}
        <rect class="edge" x={0} y={29} width={1_000} height={4} vector-effect="non-scaling-stroke" />
      </svg>
      {ticks.map((tick) => {
        const at = scale(tick) / 10;
        return at < 3 || at > 97 ? null : (
          <span key={tick.getTime()} class="tick" style={{ left: `${at}%` }} aria-hidden="true">
            {tickTime(tick, step)}
          </span>
        );
      })}
    </>
  );
}
