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
  };
  readonly version?: string;
  readonly exitCode?: number;
  readonly health?: string;
  readonly spec?: { readonly image?: string };
}

export function EventLine({ event, current = false }: { event: LogEvent; current?: boolean }) {
  return (
    <>
      <span class="mono faint">{event.position}</span>
      <Instant at={event.recordedAt} position={event.position} />
      <span class="cut">
        {current ? <strong>{event.type}</strong> : <To href={eventPath(event.position)}>{event.type}</To>}{' '}
        {event.inferred && (
          <span class="chip" title="No signal told: a later look showed it">
            inferred
          </span>
        )}
      </span>
      <span class="cut" title={aboutOf(event)}>
        {aboutOf(event)}
      </span>
      <span class="cut faint">{actorOf(event)}</span>
    </>
  );
}

export const actorOf = ({ actor }: Pick<LogEvent, 'actor'>): string =>
  actor.kind === actor.name ? actor.kind : `${actor.kind}: ${actor.name}`;

/** What an event is about, in a few words. */
export function aboutOf({ type, data }: Pick<LogEvent, 'type' | 'data'>): string {
  const { name, match, reason, detail, kind, status, message, targets, claimed, ...rest } = data as Data;
  const site = match ? `${match.host}${match.path === '/' ? '' : match.path}` : '';
  if (type.startsWith('Route')) {
    const to = targets === undefined ? '' : ` → ${targets.map((target) => target.name).join(', ')}`;
    const why = reason === undefined ? '' : `: ${detail ?? reason}`;
    return `${site || name || ''}${to}${why}`;
  }
  if (type.startsWith('Command')) return [kind, name, message ?? reason].filter(Boolean).join(' ');
  if (type === 'ContainerObserved') {
    const how = status === 'exited' ? `exited (${rest.exitCode})` : status;
    const health = rest.health === undefined || rest.health === 'none' ? '' : `, ${rest.health}`;
    return `${name} is ${how}${health}`;
  }
  const subject = name ?? claimed?.name ?? '';
  const more =
    claimed?.exitCode !== undefined ? `exit code ${claimed.exitCode}` : (claimed?.health ?? reason ?? '');
  return [subject, more || rest.version].filter(Boolean).join(': ');
}
