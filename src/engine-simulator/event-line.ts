/** An event as the engine writes it: one line of JSON. */
import type { EngineEvent } from './journal.ts';

/** `timeNano` is written by hand: it does not fit a JavaScript number. */
export function lineOf({ kind, action, actor, attributes, timeNano }: EngineEvent): string {
  const legacy = kind === 'container' ? { status: action, id: actor, from: attributes['image'] ?? '' } : {};
  const body = JSON.stringify({
    ...legacy,
    ...(kind === 'image' ? { status: action, id: actor } : {}),
    Type: kind,
    Action: action,
    Actor: { ID: actor, Attributes: sorted(attributes) },
    scope: 'local',
    time: Number(timeNano / 1_000_000_000n),
  });
  return `${body.slice(0, -1)},"timeNano":${timeNano}}\n`;
}

/** Go writes maps in the order of their keys. */
const sorted = (attributes: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).sort(([one], [other]) => (one < other ? -1 : 1)));
