/** The way to a host through the proxy, on the port that it has. */
import type { System } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';

/** @param path of the site, from its slash on */
export function OpenHost({
  host,
  path = '/',
  button = false,
}: {
  host: string;
  path?: string;
  button?: boolean;
}) {
  const { data } = useApi<System>('/system', { every: 10_000 });
  const port = data?.proxy.port ?? 80;
  const url = `http://${host}${port === 80 ? '' : `:${port}`}${path}`;
  return (
    <a
      class={button ? 'button' : 'open-host'}
      href={url}
      target="_blank"
      rel="noreferrer"
      title={url}
      aria-label={`Open ${host} in a new tab`}
    >
      {button && 'Open '}
      <svg viewBox="0 0 16 16" width="13" height="13" aria-hidden="true">
        <path
          d="M6.5 3H3v10h10V9.5M9 2.5h4.5V7M13.2 2.8 7.5 8.5"
          fill="none"
          stroke="currentColor"
          stroke-width="1.5"
        />
      </svg>
    </a>
  );
}
