/** What a replay found: the rows that are not as the log has them, or the routes that would have been others. */
import type { Replay, RouteDifference, RowDifference } from '../api/replay-shapes.ts';
import { useApi } from '../api/use-api.ts';
import { Instant } from '../parts/instant.tsx';
import { hostPath, To } from '../parts/link.tsx';
import { Failed, Waiting } from '../parts/notice.tsx';
import { Pager } from '../parts/pager.tsx';

/** @param id of a replay that has ended */
export function ReplayFound({ id }: { id: string }) {
  const { data, error } = useApi<Replay>(`/replays/${id}`, { past: true });
  if (error !== null) return <Failed problem={error} what="What this replay found" />;
  if (data === undefined) return <Waiting />;
  const { differences, routes, truncated = false } = data.result ?? {};
  return (
    <div
      class="scrolls"
      style={{ maxHeight: '30rem', overflowY: 'auto' }}
      tabIndex={0}
      role="region"
      aria-label="What differs"
    >
      {differences !== undefined && <Rows differences={differences} />}
      {routes !== undefined && <Routes routes={routes} />}
      {truncated && <p class="faint">There are more, which are not listed.</p>}
    </div>
  );
}

function Rows({ differences }: { differences: readonly RowDifference[] }) {
  return (
    <Pager items={differences} of="rows">
      {(shown) => (
        <table class="plain">
          <thead>
            <tr>
              <th>Projection</th>
              <th>Row</th>
              <th>Is shown → is in the log</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <tr key={`${one.table} ${one.key}`}>
                <td>
                  {one.projection}
                  {one.table !== one.projection && <div class="small faint">{one.table}</div>}
                </td>
                <td class="mono">{one.key}</td>
                <td>
                  <Fields {...one} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Pager>
  );
}

/** The fields that differ; all of them where the row is only in one of both. */
function Fields({ live, rebuilt }: Pick<RowDifference, 'live' | 'rebuilt'>) {
  const fields = Object.keys(rebuilt ?? live ?? {}).filter(
    (field) => live === null || rebuilt === null || textOf(live[field]) !== textOf(rebuilt[field]),
  );
  return (
    <>
      {live === null && <div class="small">is missing from what is shown</div>}
      {rebuilt === null && <div class="small">is shown, but does not come from the log</div>}
      {fields.map((field) => (
        <div key={field} class="mono">
          {field}: {live !== null && <del>{textOf(live[field])}</del>}
          {live !== null && rebuilt !== null && ' → '}
          {rebuilt !== null && <ins>{textOf(rebuilt[field])}</ins>}
        </div>
      ))}
    </>
  );
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const changes = {
  added: ['good', 'would be there'],
  removed: ['bad', 'would not be there'],
  changed: ['odd', 'would go elsewhere'],
} as const;

function Routes({ routes }: { routes: readonly RouteDifference[] }) {
  return (
    <Pager items={routes} of="routes">
      {(shown) => (
        <table class="plain">
          <thead>
            <tr>
              <th>Route</th>
              <th>Would be</th>
              <th>From</th>
              <th>To</th>
              <th>Went to</th>
              <th>Would have gone to</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ host, path, change, from, to, live, whatIf }) => (
              <tr key={`${host}${path} ${from.position}`}>
                <td>
                  <To href={hostPath(host)}>{host}</To>
                  {path !== '/' && <code>{path}</code>}
                </td>
                <td>
                  <span class={`state ${changes[change][0]}`}>{changes[change][1]}</span>
                </td>
                <td>
                  <Instant at={from.at} position={from.position} />
                </td>
                <td>{to === null ? 'the end' : <Instant at={to.at} position={to.position} />}</td>
                <td>{live.join(', ') || 'nothing'}</td>
                <td>{whatIf.join(', ') || 'nothing'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Pager>
  );
}
