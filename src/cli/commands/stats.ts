/** `portolan stats`: what a container takes of the machine, a line each second. */
import type { Command } from 'commander';
import { segment } from '../client.ts';
import { online } from '../context.ts';
import { namingNearest } from '../nearest.ts';
import { streamFailure } from '../stream-failure.ts';
import { bytes } from '../words.ts';

/** Of the engine's sample, what is shown (`GET /containers/{id}/stats` of the Docker Engine API). */
interface Sample {
  readonly cpu_stats?: Cpu;
  readonly precpu_stats?: Cpu;
  readonly memory_stats?: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats?: Readonly<Record<string, number>>;
  };
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>>;
  readonly pids_stats?: { readonly current?: number };
}

interface Cpu {
  readonly cpu_usage?: { readonly total_usage?: number };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
}

interface Options {
  readonly once?: boolean;
}

const widths = [8, 22, 12, 12, 5] as const;
const titles = ['CPU', 'MEMORY', 'RECEIVED', 'SENT', 'PIDS'];

export function stats(program: Command): void {
  program
    .command('stats')
    .description('what a container takes of the machine')
    .argument('<name>', 'a name or an id')
    .option('--once', 'one sample only')
    .action(async (name: string, { once }: Options, command: Command) => {
      const { client, output } = online(command);
      await namingNearest(client, 'container', name, async () => {
        const ending = new AbortController();
        const path = `/containers/${segment(name)}/stats`;
        let shown = 0;
        let skipped = false;
        for await (const { event, data } of client.stream('GET', path, { signal: ending.signal })) {
          if (event === 'failed') throw streamFailure(data);
          if (event !== 'stats') continue;
          const sample = JSON.parse(data) as Sample;
          // The first has nothing to be compared with.
          const idle = once === true && !skipped && processorShare(sample) === null;
          skipped = true;
          if (idle) continue;
          if (output.json) output.item(sample);
          else {
            if (shown === 0) output.line(output.paint('dim', row(titles)));
            output.line(row(cells(sample)));
          }
          shown += 1;
          if (once === true) break;
        }
        ending.abort();
      });
    });
}

const row = (texts: readonly string[]): string =>
  texts.map((text, at) => text.padStart(widths[at]!)).join('  ');

function cells(sample: Sample): string[] {
  const share = processorShare(sample);
  const { usage = 0, limit = 0, stats: parts = {} } = sample.memory_stats ?? {};
  // As `docker stats` does: what the kernel can take back at once is not counted.
  const used = Math.max(0, usage - (parts['inactive_file'] ?? parts['total_inactive_file'] ?? 0));
  const networks = Object.values(sample.networks ?? {});
  return [
    share === null ? '-' : `${(share * 100).toFixed(1)}%`,
    limit > 0 ? `${bytes(used)} / ${bytes(limit)}` : bytes(used),
    bytes(networks.reduce((sum, one) => sum + one.rx_bytes, 0)),
    bytes(networks.reduce((sum, one) => sum + one.tx_bytes, 0)),
    String(sample.pids_stats?.current ?? '-'),
  ];
}

/** Of one core, since the sample before; null in the first. */
function processorShare({ cpu_stats: now, precpu_stats: before }: Sample): number | null {
  const system = (now?.system_cpu_usage ?? 0) - (before?.system_cpu_usage ?? 0);
  const own = (now?.cpu_usage?.total_usage ?? 0) - (before?.cpu_usage?.total_usage ?? 0);
  if (!before?.system_cpu_usage || system <= 0) return null;
  return (own / system) * (now?.online_cpus ?? 1);
}
