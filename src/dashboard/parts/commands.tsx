/** Lifecycle commands of a container: those that fit its state; what cannot be undone asks first. */
import { useQueryClient } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';
import { ApiProblem, request } from '../api/client.ts';
import { useSession } from '../api/session.ts';
import type { Container } from '../api/shapes.ts';
import { Dialog } from './dialog.tsx';
import { SignInDialog } from './sign-in.tsx';

type Kind = 'start' | 'stop' | 'restart' | 'pause' | 'unpause' | 'kill' | 'remove';

/** What cannot be undone, and what it does. */
const grave: Partial<Record<Kind, string>> = {
  kill: 'It ends at once, without a chance to finish its requests.',
  remove: 'It is stopped if it runs, and removed with everything it wrote outside of volumes.',
};

const capital = (kind: Kind): string => kind.charAt(0).toUpperCase() + kind.slice(1);

function fitting(status: string): readonly Kind[] {
  if (status === 'running') return ['stop', 'restart', 'pause', 'kill', 'remove'];
  if (status === 'paused') return ['unpause', 'stop', 'kill', 'remove'];
  if (status === 'restarting') return ['stop', 'kill', 'remove'];
  return ['start', 'remove'];
}

interface Props {
  readonly container: Pick<Container, 'id' | 'name' | 'status'>;
  /** Only the first one. */
  readonly few?: boolean;
}

export function Commands({ container, few = false }: Props) {
  const client = useQueryClient();
  const { signedIn } = useSession();
  const [running, setRunning] = useState<Kind | null>(null);
  const [asking, setAsking] = useState<Kind | 'sign-in' | null>(null);
  const [problem, setProblem] = useState('');
  const run = async (kind: Kind): Promise<void> => {
    setAsking(null);
    setProblem('');
    setRunning(kind);
    try {
      const path = `/containers/${container.id}`;
      await (kind === 'remove'
        ? request('DELETE', `${path}?force=true`)
        : request('POST', `${path}/${kind}`));
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) setAsking('sign-in');
      else setProblem((error as Error).message);
    }
    setRunning(null);
    await client.invalidateQueries();
  };
  const choose = (kind: Kind): void => {
    if (!signedIn) setAsking('sign-in');
    else if (grave[kind] !== undefined) setAsking(kind);
    else void run(kind);
  };
  const kinds = fitting(container.status);
  return (
    <div class="row">
      {/* By place: the button that stopped a container is the one that starts it, and keeps the focus. */}
      {(few ? kinds.slice(0, 1) : kinds).map((kind, place) => (
        <button
          key={place}
          type="button"
          class={grave[kind] === undefined ? 'button' : 'button grave'}
          aria-disabled={running !== null}
          aria-label={`${kind} ${container.name}`}
          onClick={() => running === null && choose(kind)}
        >
          {running === kind ? <span class="breathing">{capital(kind)}…</span> : capital(kind)}
        </button>
      ))}
      {problem !== '' && (
        <Dialog title="That did not work" onClose={() => setProblem('')}>
          <p role="alert">{problem}</p>
        </Dialog>
      )}
      {asking === 'sign-in' && <SignInDialog onClose={() => setAsking(null)} />}
      {asking !== null && asking !== 'sign-in' && (
        <Dialog title={`${capital(asking)} ${container.name}?`} onClose={() => setAsking(null)}>
          <p>{grave[asking]} The log keeps that it was you.</p>
          <div class="actions">
            <button type="button" class="button" onClick={() => setAsking(null)}>
              Cancel
            </button>
            <button type="button" class="button grave" onClick={() => void run(asking)}>
              {capital(asking)} {container.name}
            </button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
