/** A sample of a container's use of resources: of the API's shape, with numbers that only move. */
import { instant, never } from './clock.ts';
import { type Container, isRunning } from './container.ts';

export function statsOf(container: Container, now: bigint): Record<string, unknown> {
  const { id, name, startedAt } = container;
  if (!isRunning(container) || startedAt === null)
    return { read: never, preread: never, name: `/${name}`, id };
  const uptime = Number((now - startedAt) / 1_000_000n);
  return {
    read: instant(now),
    preread: instant(now - 1_000_000_000n),
    pids_stats: { current: 1 },
    blkio_stats: { io_service_bytes_recursive: [] },
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpu(uptime, now),
    precpu_stats: cpu(Math.max(0, uptime - 1_000), now - 1_000_000_000n),
    memory_stats: {
      usage: 4_194_304 + container.output.lines().length * 1_024,
      max_usage: 8_388_608,
      limit: 1_073_741_824,
      stats: { cache: 0, inactive_file: 0, total_inactive_file: 0 },
    },
    name: `/${name}`,
    id,
    networks: { eth0: { rx_bytes: uptime, rx_packets: 1, tx_bytes: uptime, tx_packets: 1 } },
  };
}

/** One hundredth of a core. */
const cpu = (uptime: number, now: bigint): Record<string, unknown> => ({
  cpu_usage: {
    total_usage: uptime * 10_000,
    percpu_usage: [uptime * 5_000, uptime * 5_000],
    usage_in_kernelmode: 0,
    usage_in_usermode: uptime * 10_000,
  },
  system_cpu_usage: Number(now % 1_000_000_000_000_000n) * 2,
  online_cpus: 2,
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
});
