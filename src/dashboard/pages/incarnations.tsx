/** How a container's configuration changed from one observation to the next. */
import { withQuery } from '../api/client.ts';
import type { LogEvent, Page } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { Instant } from '../parts/instant.tsx';

interface Change {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** Of these it is known that they differ with every start. */
const ephemeral = /^(startedAt|finishedAt|status|health|exitCode|oomKilled|restartCount|occurredBetween)/;

export function Incarnations({ id }: { id: string }) {
  const { data } = useApi<Page<LogEvent>>(
    withQuery('/events', { container: id, type: 'ContainerObserved', order: 'desc', limit: 200 }),
  );
  const observed = data?.items ?? [];
  const changes = observed
    .slice(0, -1)
    .map((event, index) => ({ event, changed: differences(observed[index + 1]!.data, event.data) }))
    .filter(({ changed }) => changed.length > 0);
  if (changes.length === 0) return null;
  return (
    <section class="sheet">
      <header>
        <h2>How its configuration changed</h2>
      </header>
      <div class="scrolls" style={{ padding: '0.2rem 1.1rem' }}>
        <table class="plain">
          <tbody>
            {changes.slice(0, 20).map(({ event, changed }) => (
              <tr key={event.position}>
                <td>
                  <Instant at={event.recordedAt} position={event.position} />
                </td>
                <td>
                  {changed.map(({ field, before, after }) => (
                    <div key={field} class="mono">
                      {field}: <del>{before}</del> → <ins>{after}</ins>
                    </div>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function differences(before: unknown, after: unknown): Change[] {
  const old = flat(before);
  const fresh = flat(after);
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter(
      (field) =>
        !ephemeral.test(field) &&
        !isAddressOfStopped(field, old, fresh) &&
        old.get(field) !== fresh.get(field),
    )
    .map((field) => ({ field, before: old.get(field) ?? 'nothing', after: fresh.get(field) ?? 'nothing' }));
}

/** A stopped container has no address: that is no change of its configuration. */
const isAddressOfStopped = (field: string, ...values: readonly Map<string, string>[]): boolean =>
  /^networks\.\d+\.(address|gateway)/.test(field) && values.some((value) => value.get(field) === '');

/** `{a: {b: 1}}` as `a.b` to `1`. */
function flat(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (value !== null && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) flat(inner, path === '' ? key : `${path}.${key}`, into);
    return into;
  }
  into.set(path, String(value));
  return into;
}
