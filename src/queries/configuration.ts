/** A container's configuration as plain fields, and what differs between two of them. Pure. */
import { bracketed } from '../events/address.ts';
import type { ContainerObservedData } from '../events/observations.ts';
import type { ConfigurationChange } from './port.ts';

/** Ours: another one with each command, and nobody's setting. */
const commandLabel = 'portolan.command-id';

export function configurationChanges(
  before: ContainerObservedData,
  after: ContainerObservedData,
): ConfigurationChange[] {
  const old = fieldsOf(before);
  const fresh = fieldsOf(after);
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .map((field) => ({ field, before: old.get(field) ?? null, after: fresh.get(field) ?? null }))
    .filter((change) => change.before !== change.after)
    .filter(({ field }) => field !== 'published' || (isUp(before) && isUp(after)));
}

/** One that does not run has no published ports, whatever it was made with. */
const isUp = ({ status }: ContainerObservedData): boolean => status === 'running' || status === 'paused';

function fieldsOf({ spec, networks, published }: ContainerObservedData): Map<string, string> {
  const ports = published.map(
    ({ port, hostAddress, hostPort }) => `${bracketed(hostAddress)}:${hostPort} to ${port}`,
  );
  return new Map([
    ['image', spec.image],
    ['imageId', spec.imageId],
    ['exposed', spec.exposed.join(', ')],
    ['published', ports.join(', ')],
    ['networks', networks.map(({ name }) => name).join(', ')],
    ['networkMode', spec.networkMode],
    ['healthcheck', yes(spec.healthcheck)],
    ['stopSignal', spec.stopSignal],
    ['restartPolicy', spec.restartPolicy],
    ['autoRemove', yes(spec.autoRemove === true)],
    ...prefixed('labels', spec.labels).filter(([field]) => field !== `labels.${commandLabel}`),
    ...prefixed('env', spec.env),
  ]);
}

const yes = (value: boolean): string => (value ? 'yes' : 'no');
const prefixed = (prefix: string, values: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]);
