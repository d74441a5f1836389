/** Of a host that is down: the containers that served it last, with the command that brings them back. */
import type { Container, Interval, Page } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { Commands } from '../parts/commands.tsx';
import { containerPath, To } from '../parts/link.tsx';
import { State } from '../parts/state.tsx';

/** @param intervals of the host, newest first */
export function StartAgain({ intervals }: { intervals: readonly Interval[] }) {
  const last = new Set(intervals[0]?.targets.map(({ container }) => idOf(container)));
  const { data } = useApi<Page<Container>>('/containers', { when: last.size > 0 });
  const idle = data?.items.filter(({ id, status }) => last.has(id) && status !== 'running') ?? [];
  if (idle.length === 0) return null;
  return (
    <section class="sheet">
      <header>
        <h2>Served it last</h2>
      </header>
      {idle.map((container) => (
        <div key={container.id} class="row" style={{ padding: '0.6rem 1.1rem' }}>
          <To href={containerPath(container.name)}>{container.name}</To>
          <State of={container.status} />
          <Commands container={container} few />
        </div>
      ))}
    </section>
  );
}

/** Targets name containers as the log does, with their engine. */
const idOf = (container: string): string => container.slice(container.lastIndexOf('/') + 1);
