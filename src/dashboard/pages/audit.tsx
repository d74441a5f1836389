/** Who did what, with outcome and consequences. */
import { useSearchParams } from 'wouter-preact';
import { withQuery } from '../api/client.ts';
import type { AuditEntry } from '../api/shapes.ts';
import { useOlder } from '../api/use-older.ts';
import { Instant } from '../parts/instant.tsx';
import { containerPath, eventPath, To } from '../parts/link.tsx';
import { More } from '../parts/more.tsx';
import { Empty, Failed, Waiting } from '../parts/notice.tsx';
import { State } from '../parts/state.tsx';
import { hadHappened } from '../time/moment.ts';
import { useInstant, useMoment } from '../time/use-moment.ts';
import { Consequences } from './consequences.tsx';
import { Made } from './made.tsx';

/** What `external` means, for people. */
const actors: Readonly<Record<string, string>> = {
  external: 'outside Portolan',
  engine: 'the engine itself',
};

export function AuditPage() {
  const { at, past } = useMoment();
  const instant = useInstant(at);
  const [search, setSearch] = useSearchParams();
  const actor = search.get('actor') ?? '';
  const container = search.get('container') ?? '';
  const until = instant === null ? null : new Date(instant).toISOString();
  const { data, error, waiting, more } = useOlder<AuditEntry>(
    withQuery('/audit', { limit: 100, actor, container, until }),
    ({ position }) => position,
    { past, when: !past || until !== null },
  );
  // At a position it may be less: the API is asked by the instant, at which several may have been recorded.
  const entries = data?.filter(({ position, requestedAt }) => hadHappened(at, position, requestedAt));
  const set = (name: string, value: string): void =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      if (value === '') next.delete(name);
      else next.set(name, value);
      return next;
    });
  return (
    <main class="page">
      <div class="page-head">
        <h1>Audit</h1>
        <span class="faint">
          {past
            ? 'up to this moment, with what came of it since; newest first'
            : 'who did what, newest first'}
        </span>
      </div>
      <Filters actor={actor} container={container} set={set} />
      {error !== null && data === undefined ? (
        <Failed problem={error} what="The audit" />
      ) : waiting ? (
        <Waiting />
      ) : (
        <div class="sheet">
          {entries?.length === 0 ? (
            <Empty title={actor + container === '' ? 'Nobody has done anything yet' : 'Nothing matches'}>
              <p>Whoever starts, stops or removes a container, here or with docker, is listed.</p>
            </Empty>
          ) : (
            <Entries entries={entries ?? []} more={more} />
          )}
        </div>
      )}
    </main>
  );
}

interface Filter {
  readonly actor: string;
  readonly container: string;
  set(name: 'actor' | 'container', value: string): void;
}

function Filters({ actor, container, set }: Filter) {
  return (
    <div class="row filters">
      <select
        class="field"
        aria-label="Actor"
        value={actor}
        onChange={(event) => set('actor', event.currentTarget.value)}
      >
        <option value="">anybody</option>
        <option value="api">through the API</option>
        <option value="external">outside Portolan</option>
        <option value="engine">the engine itself</option>
        <option value="portolan">Portolan</option>
      </select>
      <input
        class="field"
        type="search"
        aria-label="Container"
        placeholder="container"
        value={container}
        onChange={(event) => set('container', event.currentTarget.value.trim())}
      />
    </div>
  );
}

interface Listed {
  readonly entries: readonly AuditEntry[];
  readonly more: (() => Promise<void>) | null;
}

function Entries({ entries, more }: Listed) {
  return (
    <div class="scrolls" style={{ padding: '0.2rem 1.1rem' }} tabIndex={0} role="region" aria-label="Entries">
      <Table entries={entries} />
      <More more={more} label="Older entries" />
    </div>
  );
}

function Table({ entries }: Pick<Listed, 'entries'>) {
  return (
    <table class="plain cards audit">
      <thead>
        <tr>
          <th>When</th>
          <th>Who</th>
          <th>Did</th>
          <th>Outcome</th>
          <th>What it caused</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.position}>
            <td class="fourth">
              <Instant at={entry.requestedAt} position={entry.position} />
            </td>
            <td class="third">{who(entry)}</td>
            <td class="first">
              <To href={eventPath(entry.position)}>{entry.action}</To>{' '}
              {entry.name !== null && <To href={containerPath(entry.name)}>{entry.name}</To>}{' '}
              <Made entry={entry} />
            </td>
            <td class="second">
              <State of={entry.outcome} />
              {entry.detail !== '' && <div class="small faint">{entry.detail}</div>}
            </td>
            <td class="whole">
              <Consequences entry={entry} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Who calls the API: by the cookie of the dashboard, or with the token. */
const callers: Readonly<Record<string, string>> = {
  session: 'the dashboard',
  token: 'the API, with the token',
};

const who = ({ actor: { kind, name } }: AuditEntry): string =>
  (kind === 'api' ? callers[name] : actors[kind]) ?? (kind === name ? kind : `${name} (${kind})`);
