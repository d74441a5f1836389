/** What Prometheus may scrape. Read at the moment of the scrape; nothing is counted twice. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

export interface MetricSources {
  readonly engineConnected: () => boolean;
  readonly logPosition: () => number;
  readonly logWritable: () => boolean;
  readonly openRoutes: () => number;
  readonly drifts: () => number;
  readonly workers: () => number;
  readonly accessLogLost: () => number;
  readonly projections: () => readonly {
    readonly name: string;
    readonly position: number;
    readonly problem: string;
  }[];
  readonly proxy: () => {
    readonly requests: number;
    readonly upgrades: number;
    readonly open: number;
    readonly retries: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
    readonly answers: Readonly<Record<string, number>>;
    readonly own: Readonly<Record<string, number>>;
  };
}

export function createMetrics(sources: MetricSources): Registry {
  const registry = new Registry();
  // The default, a timer each 10 ms, was most of what an idle Portolan cost.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 500 });
  const single = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  single('portolan_engine_connected', '1 while the Docker engine is followed', () =>
    Number(sources.engineConnected()),
  );
  single('portolan_log_position', 'Position of the last event', sources.logPosition);
  single('portolan_log_writable', '1 while the log can be written', () => Number(sources.logWritable()));
  single('portolan_routes_open', 'Routes with targets', sources.openRoutes);
  single('portolan_drifts_total', 'Drifts that a periodic list repaired; 0 in normal runs', sources.drifts);
  single('portolan_proxy_workers', 'Proxy workers', sources.workers);
  single(
    'portolan_access_log_lost_lines_total',
    'Lines of the access log that could not be written',
    sources.accessLogLost,
  );
  single('portolan_proxy_requests_total', 'Requests', () => sources.proxy().requests);
  single('portolan_proxy_upgrades_total', 'Upgrade requests', () => sources.proxy().upgrades);
  single('portolan_proxy_open', 'Requests and tunnels under way', () => sources.proxy().open);
  single('portolan_proxy_retries_total', 'Upstream attempts made again', () => sources.proxy().retries);
  single('portolan_proxy_received_bytes_total', 'Body bytes from clients', () => sources.proxy().bytesIn);
  single('portolan_proxy_sent_bytes_total', 'Body bytes from upstreams', () => sources.proxy().bytesOut);
  labelled(
    registry,
    'portolan_proxy_answers_total',
    'Answers by class',
    'class',
    () => sources.proxy().answers,
  );
  labelled(
    registry,
    'portolan_proxy_own_answers_total',
    "The proxy's own answers",
    'status',
    () => sources.proxy().own,
  );
  labelled(registry, 'portolan_projection_position', 'How far each projection is', 'projection', () =>
    Object.fromEntries(sources.projections().map(({ name, position }) => [name, position])),
  );
  labelled(registry, 'portolan_projection_stale', '1 for a projection that has stopped', 'projection', () =>
    Object.fromEntries(sources.projections().map(({ name, problem }) => [name, Number(problem !== '')])),
  );
  return registry;
}

function labelled(
  registry: Registry,
  name: string,
  help: string,
  label: string,
  read: () => Readonly<Record<string, number>>,
): void {
  new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      for (const [value, number] of Object.entries(read())) this.set({ [label]: value }, number);
    },
  });
}
