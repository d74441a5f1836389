/** Messages of the engine's event stream: which are signals worth recording, and which are noise. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type ContainerId, containerIdSchema } from '../events/ids.ts';
import type { Claimed, SignalType } from '../events/signals.ts';
import type { Signal } from './engine.ts';
import { isOpenLabel } from './secrets.ts';

/** `GET /events`, one message. Old and odd engines leave fields out: only what is used is asked for. */
const messageSchema = z.object({
  Type: z.string(),
  Action: z.string(),
  Actor: z.object({
    ID: z.string().default(''),
    Attributes: z.record(z.string(), z.string()).nullish(),
  }),
  time: z.number().optional(),
  timeNano: z.bigint().optional(),
});

/** A message that was understood; `signal` is null for noise. */
export interface EngineMessage {
  readonly timeNano: bigint;
  /** Tells a repeat of this message from any other. */
  readonly key: string;
  readonly signal: Signal | null;
}

/** Null if it is no event of the Docker API. */
export function readMessage(value: unknown): EngineMessage | null {
  const parsed = messageSchema.safeParse(value);
  if (!parsed.success) return null;
  const { Type, Action, Actor, time, timeNano: exact } = parsed.data;
  const timeNano = exact ?? (time === undefined ? null : BigInt(Math.trunc(time)) * 1_000_000_000n);
  if (timeNano === null) return null;
  const attributes = Actor.Attributes ?? {};
  const attributeDigest = digestAttributes(attributes);
  const what = typeOf(Type, Action);
  const container = containerIdSchema.safeParse(Type === 'network' ? attributes['container'] : Actor.ID);
  const signal =
    what === null || !container.success
      ? null
      : {
          type: what,
          timeNano,
          kind: Type,
          action: Action,
          container: container.data as ContainerId,
          claimed: claimedBy(Type, Action, attributes),
          labels: Type === 'network' ? {} : routingLabels(attributes),
          attributeDigest,
        };
  return { timeNano, key: `${timeNano} ${Type} ${Action} ${Actor.ID} ${attributeDigest}`, signal };
}

const containerActions: Readonly<Record<string, SignalType>> = {
  create: 'ContainerCreated',
  start: 'ContainerStarted',
  kill: 'ContainerKilled',
  die: 'ContainerDied',
  stop: 'ContainerStopped',
  oom: 'ContainerOutOfMemory',
  pause: 'ContainerPaused',
  unpause: 'ContainerUnpaused',
  rename: 'ContainerRenamed',
  update: 'ContainerUpdated',
  destroy: 'ContainerDestroyed',
  // Podman's word for it, up to its version 4.
  remove: 'ContainerDestroyed',
};
const networkActions: Readonly<Record<string, SignalType>> = {
  connect: 'ContainerNetworkConnected',
  disconnect: 'ContainerNetworkDisconnected',
};
const healthAction = /^health_status(: |$)/;

/** `restart` is noise: die, stop and start come with it. So are exec_*, attach, resize, top, copy and the like. */
function typeOf(kind: string, action: string): SignalType | null {
  if (kind === 'network') return own(networkActions, action);
  if (kind !== 'container') return null;
  return healthAction.test(action) ? 'ContainerHealthChanged' : own(containerActions, action);
}

const own = (table: Readonly<Record<string, SignalType>>, action: string): SignalType | null =>
  Object.hasOwn(table, action) ? table[action]! : null;

/** Only what is named here enters the log: attributes are a mix of the engine's own and the container's labels. */
function claimedBy(kind: string, action: string, attributes: Readonly<Record<string, string>>): Claimed {
  if (kind === 'network') return defined({ network: attributes['name'] });
  const health = healthAction.test(action) ? action.slice('health_status: '.length) : '';
  return defined({
    name: attributes['name'],
    image: attributes['image'],
    exitCode: attributes['exitCode'],
    signal: attributes['signal'],
    oldName: attributes['oldName']?.replace(/^\//, ''),
    // Podman says it in an attribute.
    health: health || (healthAction.test(action) ? attributes['health_status'] : undefined),
    commandId: attributes['portolan.command-id'],
  });
}

/** The engine puts all labels among the attributes. */
function routingLabels(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const labels = Object.entries(attributes).filter(
    ([key, value]) => /^(portolan|com\.docker)\./.test(key) && isOpenLabel(key, value),
  );
  return Object.fromEntries(labels);
}

function defined(
  claims: Record<keyof Claimed, string | undefined> | Record<string, string | undefined>,
): Claimed {
  const entries = Object.entries(claims).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(entries.map(([name, value]) => [name, cut(value!)])) as Claimed;
}

/** 256 characters, never half a surrogate pair. */
const cut = (text: string): string =>
  text.length <= 256 ? text : text.slice(0, 256).replace(/[\uD800-\uDBFF]$/, '');

/** Hex SHA-256 over the sorted attributes, length-prefixed. */
function digestAttributes(attributes: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  for (const key of Object.keys(attributes).sort()) {
    const value = attributes[key]!;
    hash.update(`${Buffer.byteLength(key)}:${key}${Buffer.byteLength(value)}:${value}`);
  }
  return hash.digest('hex');
}
