/** Schema versions of events, and what brings an older payload to the current one when it is read. */
import { z } from 'zod';
import { checked } from './check.ts';
import { dataSchemas, type EventType, eventTypes } from './event.ts';
import { containerObservedSchema, containerSpecSchema } from './observations.ts';

type Upcaster = (data: unknown) => unknown;

/** By type: the step from version n (index n - 1) to n + 1. A type without entry is in its first version. */
const upcasters: Partial<Record<EventType, readonly Upcaster[]>> = {
  // 2: a spec may say `autoRemove`. 3: an attachment may say its network's `driver`.
  ContainerObserved: [(data) => data, (data) => data],
  // 2: they may say `traffic`, and a target its `weight`.
  RouteOpened: [(data) => data],
  RouteChanged: [(data) => data],
  // 2: they may say that a successor took over.
  PortolanStarted: [(data) => data],
  PortolanStopped: [(data) => data],
};

export const currentVersion = (type: EventType): number => (upcasters[type]?.length ?? 0) + 1;

const known: ReadonlyMap<string, EventType> = new Map(eventTypes.map((type) => [type, type]));

/** The one text that stands for a type wherever it is compared: what comes out of a database is another one each time. */
export const eventTypeOf = (type: string): EventType | null => known.get(type) ?? null;

/**
 * @returns the payload in its current version, checked against its schema
 * @throws {ZodError} if it does not parse
 * @throws {RangeError} if it was written by a newer version
 */
export function upcast(type: EventType, version: number, data: unknown): unknown {
  const steps = upcasters[type] ?? [];
  if (version > steps.length + 1) {
    throw new RangeError(`${type} has schema version ${version}, this Portolan knows ${steps.length + 1}`);
  }
  const isCurrent = version === steps.length + 1;
  const current = isCurrent ? data : steps.slice(version - 1).reduce((older, step) => step(older), data);
  return type === 'ContainerObserved' ? checkObserved(current) : checks[type](current);
}

const checks = Object.fromEntries(eventTypes.map((type) => [type, checked(dataSchemas[type])])) as Readonly<
  Record<EventType, (data: unknown) => unknown>
>;
const observedCheck = checked(containerObservedSchema.extend({ spec: z.unknown() }));
const specCheck = checked(containerSpecSchema);
const checkedSpecs = new WeakSet<object>();

/** Most observations share one spec object with others: it is checked once, and stays that one object. */
function checkObserved(data: unknown): unknown {
  const observed = observedCheck(data) as { readonly spec: unknown };
  const { spec } = observed;
  if (typeof spec !== 'object' || spec === null) return containerObservedSchema.parse(data);
  if (checkedSpecs.has(spec)) return observed;
  specCheck(spec);
  checkedSpecs.add(spec);
  return observed;
}
