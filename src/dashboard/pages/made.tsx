/** Of an entry of the audit that made a container: how its configuration differs from the one that had the name before. */
import { useState } from 'preact/hooks';
import type { AuditEntry, Incarnation, Page } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { ConfigurationChanges } from '../parts/configuration-changes.tsx';
import { incarnationsPath } from './incarnations.tsx';

/** What gives a name to a container that did not have it. */
const makes: ReadonlySet<string> = new Set(['create', 'run', 'rename']);

export function Made({ entry }: { entry: AuditEntry }) {
  const [open, setOpen] = useState(false);
  if (!makes.has(entry.action) || (entry.container ?? entry.name) === null) return null;
  return (
    <>
      <button
        type="button"
        class="instant small"
        aria-expanded={open}
        aria-label={`what changed with ${entry.name ?? entry.container}`}
        onClick={() => setOpen(!open)}
      >
        what changed
      </button>
      {open && <Difference entry={entry} />}
    </>
  );
}

function Difference({ entry: { container, name, position } }: { entry: AuditEntry }) {
  const { data, error, waiting } = useApi<Page<Incarnation>>(incarnationsPath(container ?? name ?? ''));
  if (waiting) return <div class="small faint breathing">looking…</div>;
  const at = data?.items.findIndex(({ opened }) => opened?.position === position) ?? -1;
  const found = data?.items[at];
  if (error !== null || found === undefined)
    return <div class="small faint">Its configuration was not observed.</div>;
  if (found.changes.length > 0) return <ConfigurationChanges changes={found.changes} />;
  const first = at === data!.items.length - 1 && data!.next === undefined;
  return (
    <div class="small faint">
      {first
        ? 'Nothing had this name before.'
        : 'It has the configuration of the one that had this name before.'}
    </div>
  );
}
