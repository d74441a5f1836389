/** Routes that were added, removed or changed between two moments, each with its cause. */
import type { Diff, Route, RouteChange } from '../api/shapes.ts';
import { EventLine } from '../parts/event-line.tsx';
import { hostPath, To } from '../parts/link.tsx';

const kinds = [
  ['added', 'good'],
  ['removed', 'bad'],
  ['changed', 'odd'],
] as const;

export function Changes({ diff }: { diff: Diff }) {
  const count = diff.added.length + diff.removed.length + diff.changed.length;
  if (count === 0) return <p style={{ padding: '0.8rem 1.1rem', margin: 0 }}>Nothing.</p>;
  return (
    <div>
      {kinds.flatMap(([kind, tone]) =>
        diff[kind].map((change) => (
          <div key={`${kind} ${change.route}`} style={{ padding: '0.6rem 1.1rem' }}>
            <div class="row">
              <span class={`state ${tone}`}>{kind}</span>
              <To href={hostPath(change.host)}>{change.host}</To>
              <span class="faint">{movement(change)}</span>
            </div>
            {[change.decided, change.cause]
              .filter((event) => event !== undefined && event !== null)
              .map((event) => (
                <div key={event.position} class="line event" style={{ padding: '0.3rem 0 0', border: 0 }}>
                  <EventLine event={event} />
                </div>
              ))}
          </div>
        )),
      )}
    </div>
  );
}

const movement = ({ before, after }: RouteChange): string => `${targetsOf(before)} → ${targetsOf(after)}`;

const targetsOf = (route: Route | null): string =>
  route === null || route.targets.length === 0
    ? 'nothing'
    : route.targets.map(({ name, address, port }) => `${name} (${address}:${port})`).join(', ');
