/** What a page says instead of data: it waits, it failed, or there is nothing yet and how to come by something. */
import type { ComponentChildren } from 'preact';
import type { ApiProblem } from '../api/client.ts';
import { useMoment } from '../time/use-moment.ts';

export const Waiting = () => (
  <p class="faint breathing page" role="status">
    Reading…
  </p>
);

export function Failed({ problem, what }: { problem: ApiProblem; what: string }) {
  const { past, go } = useMoment();
  const unsupported = past && problem.status === 400;
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>
          {unsupported ? `${what} cannot be shown as of this moment.` : `${what} cannot be shown.`}
        </strong>
      </p>
      <p>{problem.message}</p>
      {past && (
        <p>
          <button type="button" class="button" onClick={() => go(null)}>
            Back to live
          </button>
        </p>
      )}
    </div>
  );
}

export const Empty = ({ title, children }: { title: string; children?: ComponentChildren }) => (
  <div class="empty">
    <h2>{title}</h2>
    {children}
  </div>
);

/** Commands worth trying. */
export const Tries = ({ commands }: { commands: readonly string[] }) => (
  <div class="tries">
    {commands.map((command) => (
      <code key={command}>{command}</code>
    ))}
  </div>
);
