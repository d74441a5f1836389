/** The containers that had a name one after the other, and how the configuration changed from each to the next. */
import type { Incarnation, Page, Through } from '../api/shapes.ts';
import { ConfigurationChanges } from '../parts/configuration-changes.tsx';
import { actorOf } from '../parts/event-line.tsx';
import { Instant } from '../parts/instant.tsx';
import { eventPath, To } from '../parts/link.tsx';
import { hadHappened } from '../time/moment.ts';
import { useMoment } from '../time/use-moment.ts';

export const incarnationsPath = (container: string): string =>
  `/containers/${encodeURIComponent(container)}/incarnations?limit=50`;

export function Incarnations({ data }: { data: Page<Incarnation> | undefined }) {
  const { at } = useMoment();
  const known = data?.items.filter(({ from, openedBy }) => hadHappened(at, openedBy, from)) ?? [];
  if (known.length === 0) return null;
  return (
    <section class="sheet">
      <header>
        <h2>Incarnations</h2>
        <span class="faint">the containers that had this name</span>
      </header>
      <div
        class="scrolls"
        style={{ padding: '0.2rem 1.1rem', maxHeight: '24rem', overflowY: 'auto' }}
        tabIndex={0}
        role="region"
        aria-label="Incarnations"
      >
        <table class="plain">
          <thead>
            <tr>
              <th>From</th>
              <th>To</th>
              <th>Container</th>
              <th>Against the one before</th>
            </tr>
          </thead>
          <tbody>
            {known.map((one, index) => (
              <Line
                key={one.openedBy}
                one={one}
                ended={one.to !== null && hadHappened(at, one.closedBy ?? one.openedBy, one.to)}
                first={index === known.length - 1 && data?.next === undefined}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Line({ one, ended, first }: { one: Incarnation; ended: boolean; first: boolean }) {
  return (
    <tr>
      <td>
        <Instant at={one.from} position={one.openedBy} />
        <By through={one.opened} />
      </td>
      <td>
        {ended && one.to !== null ? (
          <>
            <Instant at={one.to} {...(one.closedBy === null ? {} : { position: one.closedBy })} />
            <By through={one.closed} />
          </>
        ) : (
          'now'
        )}
      </td>
      <td>
        <div class="mono">{one.container.slice(0, 12)}</div>
        <div class="small mono faint">{one.image}</div>
      </td>
      <td>
        <ConfigurationChanges changes={one.changes} />
        {one.changes.length === 0 && (
          <span class="faint">{first ? 'the first that is known' : 'the same configuration'}</span>
        )}
      </td>
    </tr>
  );
}

function By({ through }: { through: Through | null }) {
  if (through === null) return null;
  return (
    <div class="small">
      <To href={eventPath(through.position)}>{through.action}</To>{' '}
      <span class="faint">by {actorOf(through)}</span>
    </div>
  );
}
