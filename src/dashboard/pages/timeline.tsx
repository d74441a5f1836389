/** All hosts as bars over time. */
import { useMemo, useState } from 'preact/hooks';
import { withQuery } from '../api/client.ts';
import type { Interval } from '../api/shapes.ts';
import { useList } from '../api/use-api.ts';
import { rowsOf } from '../chart/bars.ts';
import { TimelineCanvas } from '../chart/timeline-canvas.tsx';
import { useView } from '../chart/use-view.ts';
import { useNow } from '../parts/instant.tsx';
import { Empty, Failed, Waiting } from '../parts/notice.tsx';
import { useMoment } from '../time/use-moment.ts';
import { useBeginning } from '../time/window.ts';

export function TimelinePage() {
  const { go } = useMoment();
  const now = useNow(true, 2_000);
  const beginning = useBeginning() ?? now - 60_000;
  const view = useView(beginning, now, (time) => go(time >= now ? null : new Date(time).toISOString()));
  const [search, setSearch] = useState('');
  const { data, error, waiting } = useList<Interval>(pathOf(view.from, view.to, beginning, now));
  const rows = useMemo(
    () => rowsOf(data ?? []).filter(({ host }) => host.includes(search.trim().toLowerCase())),
    [data, search],
  );
  return (
    <main class="page">
      <div class="page-head">
        <h1>Timeline</h1>
        <span class="faint">
          {rows.length.toLocaleString('en')} hosts, {(data?.length ?? 0).toLocaleString('en')} intervals
        </span>
      </div>
      <div class="row spread" style={{ marginBottom: '0.8rem' }}>
        <input
          class="field"
          type="search"
          aria-label="Search hosts"
          placeholder="Search hosts"
          style={{ flex: '1 1 12rem', maxWidth: '26rem' }}
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
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
      </div>
      {error !== null && data === undefined ? (
        <Failed problem={error} what="The timeline" />
      ) : waiting ? (
        <Waiting />
      ) : rows.length === 0 ? (
        <div class="sheet">
          <Empty title={search === '' ? 'Nothing was served in this time' : 'Nothing matches'} />
        </div>
      ) : (
        <TimelineCanvas rows={rows} view={view} now={now} />
      )}
      <p class="small faint" style={{ marginTop: '0.7rem' }}>
        A bar is a stretch in which a host's targets stayed the same; a thin line, that nothing served it; a
        diamond, that another owner took it over. Drag to pan, Ctrl and wheel to zoom, click to go to a
        moment.
      </p>
    </main>
  );
}

/** A stretch around what is in sight, in coarse steps: panning a little asks nothing anew. */
function pathOf(from: number, to: number, beginning: number, now: number): string {
  const width = to - from;
  const grain = 2 ** Math.ceil(Math.log2(width));
  const start = Math.max(beginning, Math.floor((from - width / 2) / grain) * grain);
  const end = Math.ceil((to + width / 2) / grain) * grain;
  return withQuery('/timeline', {
    from: new Date(start).toISOString(),
    to: end >= now ? null : new Date(end).toISOString(),
    limit: 1_000,
  });
}
