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
          x: { range: (_, least, most) => [Math.min(least ?? 0, (most ?? 0) - 60), most ?? 1] },
          y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] },
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
  return <div ref={box} class="chart" role="img" aria-label={label} />;
}

/** @param seconds since the epoch */
const clock = (seconds: number): string => new Date(seconds * 1_000).toTimeString().slice(0, 8);
