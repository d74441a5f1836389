/** An event in one line: what, about what, by whom, when. */
import type { LogEvent } from '../api/shapes.ts';
import { Instant } from './instant.tsx';
import { eventPath, To } from './link.tsx';

interface Data {
  readonly name?: string;
  readonly match?: { readonly host: string; readonly path: string } | null;
  readonly reason?: string;
  readonly detail?: string;
  readonly kind?: string;
  readonly status?: string;
  readonly message?: string;
  readonly targets?: readonly { readonly name: string }[];
  readonly claimed?: {
    readonly name?: string;
    readonly exitCode?: string | number;
    readonly health?: string;
    readonly network?: string;
  };
  readonly container?: string;
  readonly version?: string;
  readonly exitCode?: number;
  readonly health?: string;
  readonly spec?: { readonly image?: string };
}

interface Props {
  readonly event: LogEvent;
  readonly current?: boolean;
  /** In a table: each part is a cell. */
  readonly cells?: boolean;
}

export function EventLine({ event, current = false, cells = false }: Props) {
  const role = cells ? ({ role: 'cell' } as const) : {};
  return (
    <>
      <span class="position mono faint" {...role}>
        {event.position}
      </span>
      <span class="when" {...role}>
        <Instant at={event.recordedAt} position={event.position} />
      </span>
      <span class="type cut" title={event.type} {...role}>
        {current ? <strong>{event.type}</strong> : <To href={eventPath(event.position)}>{event.type}</To>}{' '}
        {event.inferred && (
          <span class="chip" title="No signal told: a later look showed it">
            inferred
          </span>
        )}
      </span>
      <span class="about cut" title={aboutOf(event)} {...role}>
        {aboutOf(event)}
      </span>
      <span class="actor cut faint" title={actorOf(event)} {...role}>
        {actorOf(event)}
      </span>
    </>
  );
}

export const actorOf = ({ actor }: Pick<LogEvent, 'actor'>): string =>
  actor.kind === actor.name ? actor.kind : `${actor.kind}: ${actor.name}`;

/** What an event is about, in a few words. */
export function aboutOf({
  type,
  data,
  containerName,
}: Pick<LogEvent, 'type' | 'data' | 'containerName'>): string {
  const { name, match, reason, detail, kind, status, message, targets, claimed, ...rest } = data as Data;
  const site = match ? `${match.host}${match.path === '/' ? '' : match.path}` : '';
  if (type.startsWith('Route')) {
    const to = targets === undefined ? '' : ` → ${targets.map((target) => target.name).join(', ')}`;
    const why = reason === undefined ? '' : `: ${detail ?? reason}`;
    return `${site || name || ''}${to}${why}`;
  }
  if (type.startsWith('Command')) return [kind, name, message ?? reason].filter(Boolean).join(' ');
  if (type === 'ContainerObserved') {
    const health = rest.health === undefined || rest.health === 'none' ? '' : `, ${rest.health}`;
    return status === 'exited' ? `${name} has exited with ${rest.exitCode}` : `${name} is ${status}${health}`;
  }
  if (type.startsWith('ContainerNetwork'))
    return `${name ?? claimed?.name ?? containerName ?? rest.container?.slice(0, 12) ?? ''}: ${claimed?.network ?? 'a network'}`;
  const subject = name ?? claimed?.name ?? containerName ?? '';
  const more =
    claimed?.exitCode !== undefined ? `exit code ${claimed.exitCode}` : (claimed?.health ?? reason ?? '');
  return [subject, more || rest.version].filter(Boolean).join(': ');
}
