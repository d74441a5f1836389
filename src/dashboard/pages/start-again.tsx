/** Of a host that is down: the containers that served it last, with the command that brings them back. */
import type { Container, Interval, Target } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { Commands } from '../parts/commands.tsx';
import { containerPath, To } from '../parts/link.tsx';
import { State, stateOf } from '../parts/state.tsx';

/** @param intervals of the host, newest first */
export function StartAgain({ intervals }: { intervals: readonly Interval[] }) {
  const last = intervals[0]?.targets ?? [];
  if (last.length === 0) return null;
  return (
    <section class="sheet">
      <header>
        <h2>Served it last</h2>
      </header>
      {last.map((target) => (
        <Last key={target.container} target={target} />
      ))}
    </section>
  );
}

function Last({ target }: { target: Target }) {
  const { data, error } = useApi<Container>(`/containers/${idOf(target.container)}`);
  return (
    <div class="row" style={{ padding: '0.6rem 1.1rem' }}>
      <To href={containerPath(target.name)}>{target.name}</To>
      {error !== null ? (
        <span class="faint">{error.status === 404 ? 'is gone' : error.message}</span>
      ) : (
        data !== undefined && (
          <>
            <State of={stateOf(data)} />
            {data.status !== 'running' && <Commands container={data} few />}
          </>
        )
      )}
    </div>
  );
}

/** Targets name containers as the log does, with their engine. */
const idOf = (container: string): string => container.slice(container.lastIndexOf('/') + 1);
