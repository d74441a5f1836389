/**
 * Networks in the audit. The engine connects a container to its networks before it starts it, and disconnects it again
 * where the start failed: nobody else did. Both on a container that is up are a change of their own, one each network.
 */
import type { CommandWindow, OpenChange, Subject } from './audit-subject.ts';
import { type Deed, deedContinuedBy, markOf, type SignalEvent } from './deeds.ts';

export const isOfNetwork = ({ type }: SignalEvent): boolean => type.startsWith('ContainerNetwork');

const isUp = ({ seen }: Subject): boolean => seen?.status === 'running' || seen?.status === 'paused';

/** Whether the command connected it, and did not come to start it. */
export const undoes = ({ had }: CommandWindow, event: SignalEvent): boolean =>
  event.type === 'ContainerNetworkDisconnected' &&
  had.includes(`ContainerNetworkConnected ${event.data.claimed.network}`) &&
  !had.includes('ContainerStarted');

/** How far a start has come by this signal. @param open what the signal goes on with, null if it begins something */
export function attemptOf(
  open: OpenChange | null,
  subject: Subject,
  { type }: SignalEvent,
): OpenChange['attempt'] {
  // The engine's own start after an end.
  if (open?.deed === 'exit') return null;
  if (type === 'ContainerNetworkConnected') return isUp(subject) ? null : 'under way';
  return type === 'ContainerNetworkDisconnected' && open !== null && open.attempt !== null ? 'failed' : null;
}

/** Deeds that a network is joined to only as long as the container is not up. */
const rising: ReadonlySet<Deed> = new Set(['create', 'run', 'start', 'restart']);

/** What a change turns out to be by a network's signal; null where that is another change. */
export function deedByNetwork(open: OpenChange, subject: Subject, event: SignalEvent): Deed | null {
  const { deed, attempt, mark } = open;
  const next = deedContinuedBy(deed, event.type);
  if (attempt !== null) {
    if (event.type === 'ContainerNetworkDisconnected')
      return deed === 'create' || deed === 'run' ? 'run' : 'start';
    return attempt === 'failed' ? null : next;
  }
  if (deed === 'connect' || deed === 'disconnect') return mark === markOf(event) ? next : null;
  return rising.has(deed) && isUp(subject) ? null : next;
}

/** What it adds to an entry's detail. */
export function networkDetail(deed: Deed, attempt: OpenChange['attempt'], event: SignalEvent): string {
  if (attempt === 'failed') return 'it did not start';
  const isOwn = attempt === null && (deed === 'connect' || deed === 'disconnect');
  return isOwn ? `network ${event.data.claimed.network ?? '?'}` : '';
}
