/** A time that one can go to: clicking it shows the whole page as of then. */
import { useEffect, useState } from 'preact/hooks';
import { duration, fullTime, shortTime } from '../time/moment.ts';
import { useInstant, useMoment } from '../time/use-moment.ts';

interface Props {
  readonly at: string;
  /** The event at it: more exact than the time. */
  readonly position?: number;
  /** `ago` counts from the moment that is shown. */
  readonly as?: 'clock' | 'ago';
}

export function Instant({ at, position, as = 'clock' }: Props) {
  const { at: moment, go } = useMoment();
  const now = useNow(as === 'ago');
  const shown = useInstant(moment) ?? now;
  const time = Date.parse(at);
  const text = as === 'ago' ? duration(shown - time) : shortTime(time);
  return (
    <button
      type="button"
      class="instant"
      title={`${fullTime(time)}: show this moment`}
      onClick={() => go(position === undefined ? new Date(time).toISOString() : `position:${position}`)}
    >
      <time dateTime={at}>{text}</time>
    </button>
  );
}

/** Now, every ten seconds. */
export function useNow(running = true, every = 10_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [running, every]);
  return now;
}
