/** All hosts as bars over time. */
import { useMemo, useState } from 'preact/hooks';
import { withQuery } from '../api/client.ts';
import type { Interval } from '../api/shapes.ts';
import { useSome } from '../api/use-api.ts';
import { rowsOf } from '../chart/bars.ts';
import { TimelineCanvas } from '../chart/timeline-canvas.tsx';
import { type Stretch, useView } from '../chart/use-view.ts';
import { useNow } from '../parts/instant.tsx';
import { Empty, Failed, Waiting } from '../parts/notice.tsx';
import { useInstant, useMoment } from '../time/use-moment.ts';
import { useBeginning } from '../time/window.ts';

export function TimelinePage() {
  const { at, go } = useMoment();
  const instant = useInstant(at);
  const now = useNow(true, 2_000);
  const begun = useBeginning();
  const beginning = begun ?? now - 60_000;
  const known = begun !== null && (at === null || instant !== null);
  const view = useView(beginning, now, dayAround(instant, now), (time) =>
    go(time >= now ? null : new Date(time).toISOString()),
  );
  const [search, setSearch] = useState('');
  const path = pathOf(view.from, view.to, beginning, now);
  const { data, error, waiting } = useSome<Interval>(path, most, { when: known });
  const rows = useMemo(
    () => rowsOf(data?.items ?? []).filter(({ host }) => host.includes(search.trim().toLowerCase())),
    [data, search],
  );
  return (
    <main class="page">
      <div class="page-head">
        <h1>Timeline</h1>
        <span class="faint">
          {rows.length.toLocaleString('en')} hosts, {(data?.items.length ?? 0).toLocaleString('en')} intervals
        </span>
      </div>
      <div class="row spread" style={{ marginBottom: '0.8rem' }}>
        <Search value={search} onInput={setSearch} />
        <Zoom view={view} />
      </div>
      {error !== null && data === undefined ? (
        <Failed problem={error} what="The timeline" />
      ) : waiting || !known ? (
        <Waiting />
      ) : rows.length === 0 && search !== '' ? (
        <div class="sheet">
          <Empty title="Nothing matches" />
        </div>
      ) : (
        <TimelineCanvas rows={rows} view={view} now={now} />
      )}
      {data !== undefined && rows.length === 0 && search === '' && (
        <p class="notice" role="status">
          Nothing was served in this time.
        </p>
      )}
      {data?.more === true && (
        <p class="notice" role="status">
          So much happened in this time that only the hosts up to {data.items.at(-1)?.host} are shown: zoom
          in.
        </p>
      )}
      <p class="small faint" style={{ marginTop: '0.7rem' }}>
        A bar is a stretch in which a host's targets stayed the same; a thin line, that nothing served it; a
        diamond, that another owner took it over. Drag to pan, Ctrl and wheel to zoom, click to go to a
        moment.
      </p>
    </main>
  );
}

function Search({ value, onInput }: { value: string; onInput(value: string): void }) {
  return (
    <input
      class="field"
      type="search"
      aria-label="Search hosts"
      placeholder="Search hosts"
      style={{ flex: '1 1 12rem', maxWidth: '26rem' }}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  );
}

function Zoom({ view }: { view: ReturnType<typeof useView> }) {
  return (
    <div class="row">
      <button type="button" class="button" aria-label="Zoom in" onClick={() => view.zoom(0.5)}>
        +
      </button>
      <button type="button" class="button" aria-label="Zoom out" onClick={() => view.zoom(2)}>
        −
      </button>
      <button type="button" class="button" aria-label="Earlier" onClick={() => view.pan(-0.3)}>
        ‹
      </button>
      <button type="button" class="button" aria-label="Later" onClick={() => view.pan(0.3)}>
        ›
      </button>
      <button type="button" class="button" onClick={view.all}>
        All
      </button>
    </div>
  );
}

/** Intervals that are asked for and drawn. */
const most = 10_000;
const day = 86_400_000;

/** The last day, or the one around the moment that is shown. */
function dayAround(instant: number | null, now: number): Stretch {
  const to = instant === null ? now : Math.min(now, instant + day / 2);
  const margin = day * 0.02;
  return { from: to - day, to: to + margin };
}

/** A stretch around what is in sight, in coarse steps: panning a little asks nothing anew. */
function pathOf(from: number, to: number, beginning: number, now: number): string {
  const width = to - from;
  const grain = 2 ** Math.ceil(Math.log2(width)) / 4;
  const start = Math.max(beginning, Math.floor((from - width / 4) / grain) * grain);
  const end = Math.ceil((to + width / 4) / grain) * grain;
  return withQuery('/timeline', {
    from: new Date(start).toISOString(),
    to: end >= now ? null : new Date(end).toISOString(),
    limit: 1_000,
  });
}
