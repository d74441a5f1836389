/** CPU and memory of a container, a sample a second. */
import { useEffect, useState } from 'preact/hooks';
import { keepListening } from '../api/sse.ts';
import { Series } from '../chart/series.tsx';

interface Cpu {
  readonly cpu_usage?: { readonly total_usage?: number };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
}

/** As the Docker API's `GET /containers/{id}/stats` gives it. */
interface DockerStats {
  readonly cpu_stats?: Cpu;
  readonly precpu_stats?: Cpu;
  readonly memory_stats?: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats?: { readonly inactive_file?: number };
  };
}

interface Sample {
  readonly at: number;
  readonly cpu: number;
  readonly memory: number;
}

const most = 300;
const mebibyte = 1024 * 1024;

export function Stats({ id }: { id: string }) {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    const ending = new AbortController();
    setSamples([]);
    void keepListening(
      `/containers/${id}/stats`,
      ({ event, data }) => {
        if (event === 'stats')
          setSamples((before) => [...before.slice(1 - most), sampleOf(JSON.parse(data))]);
      },
      { signal: ending.signal },
    );
    return () => ending.abort();
  }, [id]);
  const last = samples.at(-1);
  const times = samples.map(({ at }) => at / 1_000);
  return (
    <section class="sheet">
      <header>
        <h2>Resources</h2>
        {last === undefined ? (
          <span class="faint breathing">measuring…</span>
        ) : (
          <span class="faint">
            CPU {last.cpu.toFixed(1)} %, memory {Math.round(last.memory).toLocaleString('en')} MiB
          </span>
        )}
      </header>
      <div class="columns charts">
        <Series
          label="CPU, in per cent of a core"
          times={times}
          series={[{ name: 'CPU, % of a core', values: samples.map(({ cpu }) => cpu), colour: '--accent' }]}
        />
        <Series
          label="Memory, in MiB"
          times={times}
          series={[{ name: 'Memory, MiB', values: samples.map(({ memory }) => memory), colour: '--accent' }]}
        />
      </div>
    </section>
  );
}

function sampleOf({ cpu_stats: now, precpu_stats: before, memory_stats: memory }: DockerStats): Sample {
  const used = (now?.cpu_usage?.total_usage ?? 0) - (before?.cpu_usage?.total_usage ?? 0);
  const passed = (now?.system_cpu_usage ?? 0) - (before?.system_cpu_usage ?? 0);
  const cpu = passed > 0 && used > 0 ? (used / passed) * (now?.online_cpus ?? 1) * 100 : 0;
  return {
    at: Date.now(),
    cpu,
    memory: ((memory?.usage ?? 0) - (memory?.stats?.inactive_file ?? 0)) / mebibyte,
  };
}
