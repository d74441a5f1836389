/** A series over time, drawn by uPlot in the colours of the page. */
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { resolved } from './colour.ts';

interface SeriesProps {
  readonly label: string;
  /** Seconds since the epoch. */
  readonly times: readonly number[];
  /** `colour` is the name of a custom property. */
  readonly series: readonly { name: string; values: readonly (number | null)[]; colour: string }[];
}

export function Series({ label, times, series }: SeriesProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shown = useRef(times);
  shown.current = times;
  const names = series.map(({ name }) => name).join();
  useEffect(() => {
    const axis = {
      stroke: () => resolved(box.current!, '--faint'),
      grid: { show: false },
      ticks: { show: false },
      size: 44,
    };
    plot.current = new uPlot(
      {
        width: box.current!.clientWidth,
        height: 150,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { range: () => stretchOf(shown.current) },
          y: { range: (_, __, most) => [0, Math.max(1, (most ?? 0) * 1.1)] },
        },
        axes: [{ ...axis, size: 26, values: (_, ticks) => ticks.map(clock) }, axis],
        series: [
          {},
          ...series.map((one) => ({
            label: one.name,
            stroke: () => resolved(box.current!, one.colour),
            width: 1.5,
            points: { show: false },
          })),
        ],
      },
      [[], ...series.map(() => [])],
      box.current!,
    );
    const observer = new ResizeObserver(() =>
      plot.current?.setSize({ width: box.current!.clientWidth, height: 150 }),
    );
    observer.observe(box.current!);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
    };
  }, [names]);
  useEffect(() => {
    plot.current?.setData([[...times], ...series.map(({ values }) => [...values])] as uPlot.AlignedData);
  });
  return (
    <div>
      <div class="legend small" aria-hidden="true">
        {series.map(({ name, colour }) => (
          <span key={name}>
            <i style={{ background: `var(${colour})` }} />
            {name}
          </span>
        ))}
      </div>
      <div ref={box} class="chart" role="img" aria-label={label} />
    </div>
  );
}

/** A minute at least, which ends with the last sample; before the first one, now. */
function stretchOf(times: readonly number[]): [number, number] {
  const last = times.at(-1) ?? Date.now() / 1_000;
  return [Math.min(times[0] ?? last, last - 60), last];
}

/** @param seconds since the epoch */
const clock = (seconds: number): string => new Date(seconds * 1_000).toTimeString().slice(0, 8);
