/** The service that a container is a replica of, as Compose and Swarm mark it by labels. */
import type { ContainerSpec } from '../events/observations.ts';
import { hostLabels } from './host.ts';

export interface Service {
  /** Of the routes that its replicas share. */
  readonly owner: string;
  /** Hosts under the domain at which it answers. */
  readonly names: readonly string[];
}

/** @returns null for a container that stands for itself */
export const serviceOf = ({ spec }: { readonly spec: Pick<ContainerSpec, 'labels'> }): Service | null =>
  composeService(spec.labels) ?? swarmService(spec.labels);

type Labels = Readonly<Record<string, string>>;

function composeService(labels: Labels): Service | null {
  const project = labels['com.docker.compose.project'] ?? '';
  const service = labels['com.docker.compose.service'] ?? '';
  if (project === '' || service === '') return null;
  // `docker compose run` makes one-off containers, which are no replicas of the service.
  if (/^true$/i.test(labels['com.docker.compose.oneoff'] ?? '')) return null;
  return { owner: `${project}/${service}`, names: within(service, project) };
}

/** A stack's services are named `STACK_SERVICE`; in the stack, and in its compose file, they are `SERVICE`. */
function swarmService(labels: Labels): Service | null {
  const name = labels['com.docker.swarm.service.name'] ?? '';
  if (name === '') return null;
  const stack = labels['com.docker.stack.namespace'] ?? '';
  const inStack = stack !== '' && name.startsWith(`${stack}_`) ? name.slice(stack.length + 1) : '';
  return {
    owner: inStack === '' ? `swarm:${name}` : `swarm:${stack}/${inStack}`,
    names: [...hostLabels(name), ...(inStack === '' ? [] : within(inStack, stack))],
  };
}

const within = (service: string, group: string): string[] =>
  hostLabels(service).flatMap((name) => hostLabels(group).map((whole) => `${name}.${whole}`));
