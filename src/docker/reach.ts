/** How containers of an engine are reached from where Portolan runs: `--reach` resolved. Pure. */
import type { Reach } from '../events/decisions.ts';
import type { EngineAddress } from './address.ts';
import type { EngineInfo } from './engine.ts';
import type { OwnContainer } from './self.ts';

export type ReachSetting = 'auto' | 'network' | 'published';

export interface Whereabouts {
  readonly setting: ReachSetting;
  readonly info: EngineInfo;
  readonly address: EngineAddress;
  /** The address (a literal) of the engine's host; for a unix socket, loopback. */
  readonly engineHost: string;
  readonly own: OwnContainer | null;
  /** `process.platform`. */
  readonly platform: string;
}

export function resolveReach(whereabouts: Whereabouts): Reach {
  const { setting, engineHost, own } = whereabouts;
  // In the host's network namespace a container sees what a process on the host sees.
  const inside = own !== null && own.networkMode !== 'host' ? own : null;
  if (setting === 'published') return { kind: 'published', host: inside?.gateway || engineHost };
  if (inside !== null) return { kind: 'shared', networks: [...inside.networks] };
  if (setting === 'network' || bridgesAreLocal(whereabouts)) return { kind: 'network' };
  return { kind: 'published', host: engineHost };
}

/** A bridge's addresses are routed on the machine of a rootful engine only, and in nobody's virtual machine. */
function bridgesAreLocal({ info, address, platform }: Whereabouts): boolean {
  return (
    platform === 'linux' &&
    address.kind === 'unix' &&
    !info.rootless &&
    !/docker desktop/i.test(info.operatingSystem) &&
    !info.version.startsWith('Podman')
  );
}
