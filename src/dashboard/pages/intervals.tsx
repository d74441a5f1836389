/** The intervals of a host: as a bar over time, and as a list with what opened and closed each. */
import type { Interval } from '../api/shapes.ts';
import { Instant, useNow } from '../parts/instant.tsx';
import { eventPath, To } from '../parts/link.tsx';
import { More } from '../parts/more.tsx';
import { duration, hadHappened } from '../time/moment.ts';
import { useInstant, useMoment } from '../time/use-moment.ts';

const endings = { closed: 'closed', changed: 'changed', away: 'Portolan away', unrecorded: 'log unwritable' };

interface Props {
  /** Newest first. */
  readonly intervals: readonly Interval[];
  readonly more: (() => Promise<void>) | null;
}

export function Intervals({ intervals, more }: Props) {
  const { at } = useMoment();
  const now = useNow(true, 2_000);
  if (intervals.length === 0)
    return <p style={{ padding: '0.8rem 1.1rem', margin: 0 }}>It has never been served.</p>;
  const known = intervals.filter(({ openedBy, from }) => hadHappened(at, openedBy, from));
  return (
    <div style={{ padding: '0.8rem 1.1rem 0.3rem' }}>
      <Bar intervals={intervals} now={now} />
      <div
        class="scrolls"
        style={{ maxHeight: '24rem', overflowY: 'auto' }}
        tabIndex={0}
        role="region"
        aria-label="Intervals"
      >
        <table class="plain">
          <thead>
            <tr>
              <th>From</th>
              <th>To</th>
              <th>For</th>
              <th>Served by</th>
              <th>Ended</th>
            </tr>
          </thead>
          <tbody>
            {known.map((interval) => (
              <Line key={`${interval.route} ${interval.openedBy}`} interval={interval} now={now} />
            ))}
          </tbody>
        </table>
        <More more={more} label="Older intervals" />
      </div>
      {known.length < intervals.length && (
        <p class="small faint">
          {intervals.length - known.length} later than this moment{' '}
          {intervals.length - known.length === 1 ? 'is' : 'are'} left out; the bar shows them.
        </p>
      )}
    </div>
  );
}

function Line({ interval, now }: { interval: Interval; now: number }) {
  const { at } = useMoment();
  const shown = useInstant(at) ?? now;
  const { from, to, openedBy, closedBy, match, targets, reason, decided } = interval;
  const ended = to !== null && hadHappened(at, closedBy ?? openedBy, to);
  return (
    <tr>
      <td>
        <Instant at={from} position={openedBy} />
        {decided !== undefined && (
          <div class="small faint">
            opened <Instant at={decided.at} position={decided.position} />
          </div>
        )}
      </td>
      <td>{ended ? <Instant at={to} {...positionOf(closedBy)} /> : 'now'}</td>
      <td class="faint nowrap">{duration((ended ? Date.parse(to) : shown) - Date.parse(from))}</td>
      <td>
        {match.path !== '/' && <code>{match.path} </code>}
        {targets.map(({ name }) => name).join(', ')}
      </td>
      <td>
        {ended && closedBy !== null && (
          <To href={eventPath(closedBy)}>{reason ?? endings[interval.ended ?? 'changed']}</To>
        )}
      </td>
    </tr>
  );
}

const positionOf = (position: number | null): { position?: number } =>
  position === null ? {} : { position };

/** Served stretches of the time since the first of them, the moment that is shown marked. */
function Bar({ intervals, now }: { intervals: readonly Interval[]; now: number }) {
  const { at, go } = useMoment();
  const instant = useInstant(at);
  const from = Math.min(...intervals.map((interval) => Date.parse(interval.from)));
  const width = Math.max(1, now - from);
  const share = (time: number): number => ((time - from) / width) * 1_000;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list below does the same with the keyboard
    <svg
      class="interval-bar"
      viewBox="0 0 1000 28"
      preserveAspectRatio="none"
      role="img"
      aria-label={`Served ${intervals.length} times in the last ${duration(width)}; the list below says when`}
      onClick={(event) => {
        const { left, width: pixels } = event.currentTarget.getBoundingClientRect();
        go(new Date(from + ((event.clientX - left) / pixels) * width).toISOString());
      }}
    >
      <rect class="gap" x={0} y={8} width={1_000} height={12} />
      {intervals.map((interval) => {
        const start = share(Date.parse(interval.from));
        const end = share(interval.to === null ? now : Date.parse(interval.to));
        return (
          <rect
            key={`${interval.route} ${interval.openedBy}`}
            class="served"
            x={start}
            y={4}
            width={Math.max(1, end - start - 1)}
            height={20}
          />
        );
      })}
      {instant !== null && <rect class="knob" x={share(instant) - 1} y={0} width={2.5} height={28} />}
    </svg>
  );
}
