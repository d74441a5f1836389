/** Portolan's own container, if it runs in one that this engine knows. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type Docker from 'dockerode';
import type { ContainerId } from '../events/ids.ts';
import { readEngine } from './call.ts';
import { EngineError } from './engine.ts';
import { inspectSchema } from './observe.ts';

export interface OwnContainer {
  readonly id: ContainerId;
  readonly networkMode: string;
  /** Names, ascending. */
  readonly networks: readonly string[];
  /** The engine's host as seen from in here; empty without a bridge network. */
  readonly gateway: string;
}

/** What the process can see of its surroundings. */
export interface Surroundings {
  readonly cgroup: string;
  readonly mountinfo: string;
  readonly hostname: string;
}

export async function readSurroundings(): Promise<Surroundings> {
  // Absent where there is no /proc: not in a Linux container then.
  const read = (path: string) => readFile(path, 'utf8').catch(() => '');
  const [cgroup, mountinfo] = await Promise.all([read('/proc/self/cgroup'), read('/proc/self/mountinfo')]);
  return { cgroup, mountinfo, hostname: hostname() };
}

/**
 * Null outside of a container, and inside of one that is not this engine's.
 * @throws {EngineError} if the engine cannot be asked
 */
export async function findOwnContainer(
  docker: Docker,
  surroundings: Surroundings,
): Promise<OwnContainer | null> {
  for (const candidate of ownCandidates(surroundings)) {
    const answer = await inspectIfThere(docker, candidate);
    const parsed = inspectSchema.safeParse(answer);
    // A name could equal the host name of a machine that is in no container: only ids count.
    if (!parsed.success || !parsed.data.Id.startsWith(candidate)) continue;
    const { Id, HostConfig, NetworkSettings } = parsed.data;
    const networks = Object.keys(NetworkSettings.Networks).sort();
    const gateways = networks.map((name) => NetworkSettings.Networks[name]?.Gateway ?? '');
    const gateway = gateways.find((address) => address !== '') ?? '';
    return { id: Id, networkMode: HostConfig.NetworkMode, networks, gateway };
  }
  return null;
}

/** Ids that may be ours, likeliest first. */
export function ownCandidates({ cgroup, mountinfo, hostname: host }: Surroundings): string[] {
  // The engine mounts these three into each container from its folder. Elsewhere in the table stand others' containers.
  const mounts = /\/([0-9a-f]{64})\/\S* \/etc\/(?:hostname|hosts|resolv\.conf) /g;
  const groups = /[/-]([0-9a-f]{64})(?:\.scope)?(?:\/|$)/gm;
  const ids = [...mountinfo.matchAll(mounts), ...cgroup.matchAll(groups)].map((match) => match[1]!);
  return [...new Set([...ids, ...(/^[0-9a-f]{12}$/.test(host) ? [host] : [])])];
}

async function inspectIfThere(docker: Docker, id: string): Promise<unknown> {
  try {
    return await readEngine({ deadline: 5_000 }, (abortSignal) =>
      docker.getContainer(id).inspect({ abortSignal }),
    );
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return null;
    throw error;
  }
}
