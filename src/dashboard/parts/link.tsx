/** A link within the dashboard: it stays at the moment that is shown. */
import type { ComponentChildren } from 'preact';
import { Link } from 'wouter-preact';
import { withQuery } from '../api/client.ts';
import { useMoment } from '../time/use-moment.ts';

interface Props {
  readonly href: string;
  readonly children: ComponentChildren;
  readonly class?: string;
  readonly current?: boolean;
  readonly title?: string;
  readonly query?: Readonly<Record<string, string>>;
}

export function To({ href, children, class: name, current = false, title, query = {} }: Props) {
  const { at } = useMoment();
  return (
    <Link
      href={withQuery(href, { ...query, at })}
      {...(name === undefined ? {} : { class: name })}
      {...(title === undefined ? {} : { title })}
      {...(current ? { 'aria-current': 'page' as const } : {})}
    >
      {children}
    </Link>
  );
}

export const hostPath = (host: string): string => `/routes/${encodeURIComponent(host)}`;
export const containerPath = (id: string): string => `/containers/${encodeURIComponent(id)}`;
export const eventPath = (position: number): string => `/events/${position}`;
