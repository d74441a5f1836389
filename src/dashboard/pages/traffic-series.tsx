/** Rate and latency of a host while one looks, sampled every two seconds. */
import { useEffect, useState } from 'preact/hooks';
import type { Traffic } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { Series } from '../chart/series.tsx';
import { milliseconds, rate } from './route-lines.ts';

interface Sample {
  readonly at: number;
  readonly requests: number;
  readonly errors: number;
  readonly p50: number | null;
  readonly p99: number | null;
}

/** Ten minutes. */
const most = 300;

export function TrafficSeries({ host }: { host: string }) {
  const { data, error } = useApi<Traffic>('/traffic', { every: 2_000 });
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    if (data === undefined) return;
    setSamples((before) => [...before.slice(1 - most), sampleOf(data, host)]);
  }, [data, host]);
  const last = samples.at(-1);
  if (error !== null) return null;
  const times = samples.map(({ at }) => at / 1_000);
  return (
    <section class="sheet">
      <header>
        <h2>Traffic</h2>
        {last === undefined ? (
          <span class="faint breathing">measuring…</span>
        ) : (
          <span class="faint">
            {rate(last.requests)} requests/s, {rate(last.errors)} errors/s, p50 {milliseconds(last.p50)} ms,
            p99 {milliseconds(last.p99)} ms
          </span>
        )}
      </header>
      <div class="columns charts">
        <Series
          label={`Requests and errors a second of ${host}`}
          times={times}
          series={[
            { name: 'Requests/s', values: samples.map(({ requests }) => requests), colour: '--accent' },
            { name: 'Errors/s', values: samples.map(({ errors }) => errors), colour: '--down' },
          ]}
        />
        <Series
          label={`Latency of ${host}, in milliseconds`}
          times={times}
          series={[
            { name: 'p50, ms', values: samples.map(({ p50 }) => p50), colour: '--accent' },
            { name: 'p99, ms', values: samples.map(({ p99 }) => p99), colour: '--refused' },
          ]}
        />
      </div>
    </section>
  );
}

function sampleOf({ items }: Traffic, host: string): Sample {
  const own = items.filter((item) => item.host === host);
  return {
    at: Date.now(),
    requests: own.reduce((sum, item) => sum + item.requestsPerSecond, 0),
    errors: own.reduce((sum, item) => sum + item.errorsPerSecond, 0),
    p50: slowest(own.map(({ p50 }) => p50)),
    p99: slowest(own.map(({ p99 }) => p99)),
  };
}

/** Percentiles of several routes do not add up: the slowest one stands for all. */
const slowest = (values: readonly (number | null)[]): number | null =>
  values.reduce<number | null>((most, value) => (value === null ? most : Math.max(most ?? 0, value)), null);
