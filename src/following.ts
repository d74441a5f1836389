/** The engine, followed: its signals and observations are handed to the loop, and the proxy is told how far they vouch. */
import type { Config } from './config.ts';
import { resumeFrom } from './control/resume.ts';
import { createSink } from './control/sink.ts';
import { createEngineStatus, type EngineStatus } from './control/status.ts';
import { createDocker, type Docker } from './docker/docker.ts';
import { type Pulse, startHeartbeat } from './log/heartbeat.ts';
import type { Logger } from './observability/logger.ts';
import type { Recording } from './recording.ts';
import type { Serving } from './serving.ts';

export interface Following extends Docker {
  readonly status: EngineStatus['read'];
  /** Drifts that a periodic list repaired since the start. */
  drifts(): number;
  /** Outside of the log: it ends after what is recorded. */
  readonly pulse: Pulse;
}

export interface FollowingOptions {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

export function followEngine(serving: Serving, recording: Recording, options: FollowingOptions): Following {
  const { config, env, logger, now, onError } = options;
  const { state, proxy, served, tableOf, trust, heartbeat, bootId, labelKey } = serving;
  const { loop, leaving, arrivals, policyAt } = recording;
  const docker = createDocker({ host: config.dockerHost, env, labelKey, reach: config.reach, logger });
  const status = createEngineStatus(now, now());
  let drifts = 0;
  const sink = createSink({
    loop,
    now,
    lastAlive: heartbeat?.alive ?? null,
    onError,
    policyAt,
    onConnected(info) {
      status.connected(info);
      logger.info({ engine: info.name, version: info.version }, 'connected to the engine');
    },
    onLost(reason) {
      status.lost(reason);
      trust.engineAway();
      const meanwhile = trust.vouched()
        ? 'the last known routes are served as unconfirmed'
        : 'nothing is served until it has told what is running on this boot of the machine';
      logger.warn({ reason }, `the engine is away; ${meanwhile}`);
    },
    onConfirmed() {
      proxy.replace(served.table(tableOf(loop.state())));
      trust.confirmed();
      pulse.beat();
    },
    onSignalled: leaving.signalled,
    onArriving: arrivals.signalled,
    onDrift(count) {
      drifts += count;
      logger.warn({ count }, 'a periodic list repaired what no signal told');
    },
  });
  docker.watcher.start(sink, resumeFrom(heartbeat, state));
  docker.watcher.firstAttempt
    .then((reached) => {
      if (!reached) trust.engineAway();
    })
    .catch(onError);
  const pulse = startHeartbeat(config.dataDir, () => ({
    lastSeen: docker.watcher.lastSeen(),
    bootId: trust.vouched() ? bootId : (heartbeat?.bootId ?? null),
    position: serving.log.head().position,
  }));
  return { ...docker, status: status.read, drifts: () => drifts, pulse };
}
