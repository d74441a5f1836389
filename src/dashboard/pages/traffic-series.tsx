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
  if (error !== null || last === undefined || samples.length < 2) return null;
  return (
    <section class="sheet">
      <header>
        <h2>Traffic</h2>
        <span class="faint">
          {rate(last.requests)} requests/s, {rate(last.errors)} errors/s, p99 {milliseconds(last.p99)} ms
        </span>
      </header>
      <Series
        label={`Requests and errors a second of ${host}`}
        times={samples.map(({ at }) => at / 1_000)}
        series={[
          { name: 'requests/s', values: samples.map(({ requests }) => requests), colour: '--accent' },
          { name: 'errors/s', values: samples.map(({ errors }) => errors), colour: '--down' },
        ]}
      />
    </section>
  );
}

function sampleOf({ items }: Traffic, host: string): Sample {
  const own = items.filter((item) => item.host === host);
  return {
    at: Date.now(),
    requests: own.reduce((sum, item) => sum + item.requestsPerSecond, 0),
    errors: own.reduce((sum, item) => sum + item.errorsPerSecond, 0),
    p99: own.reduce<number | null>((most, { p99 }) => (p99 === null ? most : Math.max(most ?? 0, p99)), null),
  };
}
