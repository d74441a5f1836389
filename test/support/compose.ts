/** The service of `compose.yaml` as flags of `docker run`, for engines without Compose. What it does not know, it refuses. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

interface Service {
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly secrets: readonly string[];
  readonly volumes: readonly string[];
  readonly group_add: readonly string[];
  readonly tmpfs: readonly string[];
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly network_mode: string;
  readonly read_only: boolean;
}

export interface Stage {
  /** The engine's socket on its host. */
  readonly socket: string;
  readonly socketGroup: number;
  /** Stands for the named volume. */
  readonly volume: string;
  /** The file of the token. */
  readonly token: string;
}

const file = new URL('../../compose.yaml', import.meta.url);
/** Of no meaning for one container that a test begins and ends. */
const leftOut = new Set(['build', 'image', 'container_name', 'restart']);

/** Host ports are any that are free. */
export function composeFlags({ socket, socketGroup, volume, token }: Stage): string[] {
  const { services } = parse(readFileSync(file, 'utf8')) as { services: { portolan: Service } };
  const service = services.portolan;
  const flags: Record<keyof Service, () => string[]> = {
    environment: () =>
      Object.entries(service.environment).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
    ports: () => service.ports.flatMap((port) => ['-p', port.replace(/^(127\.0\.0\.1):\d+:/, '$1::')]),
    secrets: () => service.secrets.flatMap((name) => ['-v', `${token}:/run/secrets/${name}:ro`]),
    volumes: () =>
      service.volumes.flatMap((one) => [
        '-v',
        one.replace(/^\/var\/run\/docker\.sock:/, `${socket}:`).replace(/^portolan:/, `${volume}:`),
      ]),
    group_add: () => service.group_add.flatMap(() => ['--group-add', String(socketGroup)]),
    tmpfs: () => service.tmpfs.flatMap((path) => ['--tmpfs', path]),
    cap_drop: () => service.cap_drop.flatMap((name) => ['--cap-drop', name]),
    security_opt: () => service.security_opt.flatMap((option) => ['--security-opt', option]),
    network_mode: () => ['--network', service.network_mode],
    read_only: () => (service.read_only ? ['--read-only'] : []),
  };
  return Object.keys(service)
    .filter((key) => !leftOut.has(key))
    .flatMap((key) => {
      const flagsOf = flags[key as keyof Service];
      if (flagsOf === undefined) throw new Error(`compose.yaml has ${key}, which this test does not know`);
      return flagsOf();
    });
}
