/** A container as people may see it: no env values, labels and arguments with their secrets taken out. */
import type { ContainerView } from './engine.ts';
import type { Inspected } from './observe.ts';
import { healthOf, instant, networksOf, publishedOf, statusOf, tcpPorts } from './observe.ts';
import { redactArguments } from './redact.ts';
import { type Conceal, keepLabels, splitAssignment } from './secrets.ts';

/** @param driverOf of a network, by its id */
export function viewOf(
  inspected: Inspected,
  conceal: Conceal,
  driverOf: (network: string) => string,
): ContainerView {
  const { Config, HostConfig, State, NetworkSettings } = inspected;
  return {
    id: inspected.Id,
    name: inspected.Name.replace(/^\//, ''),
    image: Config.Image,
    imageId: inspected.Image,
    createdAt: inspected.Created,
    status: statusOf(State.Status),
    health: healthOf(State.Health?.Status),
    startedAt: instant(State.StartedAt),
    finishedAt: instant(State.FinishedAt),
    exitCode: State.ExitCode,
    restartCount: inspected.RestartCount,
    labels: keepLabels(Config.Labels, conceal),
    exposed: tcpPorts([...Object.keys(Config.ExposedPorts), ...Object.keys(HostConfig.PortBindings)]),
    published: publishedOf(NetworkSettings.Ports),
    networks: networksOf(NetworkSettings.Networks, driverOf).map(
      ({ gateway: _, gateway6: __, ...attachment }) => attachment,
    ),
    envNames: (Config.Env ?? []).map((assignment) => splitAssignment(assignment)[0]).sort(),
    command: redactArguments([Config.Entrypoint ?? [], Config.Cmd ?? []].flat()),
  };
}
