/** Jobs that fold the log again: started, watched, cancelled, and what they found. */
import { useQueryClient } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';
import { ApiProblem, request } from '../api/client.ts';
import type { Page, Replay } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { Instant } from '../parts/instant.tsx';
import { SignInDialog } from '../parts/sign-in.tsx';
import { State } from '../parts/state.tsx';

const modes: readonly [mode: Replay['mode'], does: string][] = [
  ['compare', 'Fold the log anew and compare with what is shown'],
  ['rebuild', 'Fold the projections anew'],
];

export function Replays() {
  const client = useQueryClient();
  const [problem, setProblem] = useState('');
  const [asking, setAsking] = useState(false);
  const [running, setRunning] = useState(false);
  const { data, error } = useApi<Page<Replay>>('/replays', { every: running ? 500 : 5_000 });
  const active = data?.items.some(({ state }) => state === 'running') ?? false;
  if (active !== running) setRunning(active);
  const act = async (method: string, path: string, body?: unknown): Promise<void> => {
    setProblem('');
    await request(method, path, body).catch((failure: unknown) => {
      if (failure instanceof ApiProblem && failure.status === 401) setAsking(true);
      else setProblem((failure as Error).message);
    });
    await client.invalidateQueries();
  };
  return (
    <section class="sheet padded stack">
      <div class="row spread">
        <h2>Replays</h2>
        {error === null && (
          <div class="row">
            {modes.map(([mode, does]) => (
              <button
                key={mode}
                type="button"
                class="button"
                title={does}
                onClick={() => void act('POST', '/replays', { mode })}
              >
                {mode}
              </button>
            ))}
          </div>
        )}
      </div>
      {problem !== '' && <p role="alert">{problem}</p>}
      {error !== null && <p class="faint">Replays are not offered by this Portolan: {error.message}</p>}
      {data?.items.length === 0 && (
        <p class="faint" style={{ margin: 0 }}>
          Everything shown can be folded from the log again. <em>compare</em> proves it.
        </p>
      )}
      {data?.items.map((replay) => (
        <Job key={replay.id} replay={replay} cancel={() => void act('DELETE', `/replays/${replay.id}`)} />
      ))}
      {asking && <SignInDialog onClose={() => setAsking(false)} />}
    </section>
  );
}

function Job({ replay, cancel }: { replay: Replay; cancel: () => void }) {
  const { mode, state, position, head, eventsPerSecond, startedAt, error } = replay;
  return (
    <div class="row">
      <strong>{mode}</strong>
      <State of={state} />
      <Instant at={startedAt} />
      <progress
        aria-label={`${mode}: ${position} of ${head} events`}
        max={Math.max(1, head)}
        value={position}
      />
      <span class="faint">
        {position.toLocaleString('en')} of {head.toLocaleString('en')},{' '}
        {Math.round(eventsPerSecond).toLocaleString('en')} a second
      </span>
      {error !== undefined && <span>{error}</span>}
      {state === 'succeeded' && <span>{foundBy(replay)}</span>}
      {state === 'running' && (
        <button type="button" class="button" onClick={cancel}>
          cancel
        </button>
      )}
    </div>
  );
}

function foundBy({ mode, result }: Replay): string {
  const differences = result?.['differences'];
  if (mode !== 'compare' || !Array.isArray(differences)) return '';
  return differences.length === 0 ? 'no difference' : `${differences.length} differences`;
}
