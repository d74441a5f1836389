/**
 * What is wrong now. With Portolan itself (the API is away, the engine is away, the log cannot be written): on every page,
 * as it is urgent, and on those of the past as what it is. With containers: only where what is shown is now.
 */
import type { ComponentChild } from 'preact';
import { useLocation } from 'wouter-preact';
import type { Connection } from '../api/live.ts';
import type { System } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { duration } from '../time/moment.ts';
import { useMoment } from '../time/use-moment.ts';

export function Banners({ connection }: { connection: Connection }) {
  const { data } = useApi<System>('/system', { every: 10_000 });
  const { past } = useMoment();
  const [location] = useLocation();
  if (connection === 'away')
    return (
      <div class="banner away" role="alert">
        <strong>Portolan does not answer.</strong> What you see is what it said last. This page tries again
        every second.
      </div>
    );
  if (data === undefined) return null;
  const isOfNow = !past || location === '/system';
  const others = isOfNow ? data.problems.filter((problem) => problem !== data.log.problem) : [];
  return (
    <>
      {!data.engine.connected && <EngineAway system={data} now={isOfNow ? null : <Now />} />}
      {data.log.problem !== '' && (
        <div class="banner warn">
          {!isOfNow && <Now />}The log cannot be written: {data.log.problem}
        </div>
      )}
      {others.map((problem) => (
        <div key={problem} class="banner warn">
          {problem}
        </div>
      ))}
    </>
  );
}

/** Of an engine that is away, by whether the machine still runs on the boot on which it was there last. */
const served: Readonly<Record<string, string>> = {
  unconfirmed: 'The last known routes are served meanwhile.',
  distrusted:
    'What was last known may be of another boot of the machine: requests are answered with 503 until the engine tells what is running.',
};

/** Before what is told on a page of the past. */
const Now = () => <strong>Now: </strong>;

function EngineAway({ system, now }: { system: System; now: ComponentChild }) {
  const { engine, trust } = system;
  return (
    <div class="banner warn" role="status">
      <span>
        {now}
        <strong>No Docker engine</strong> since {duration(Date.now() - Date.parse(engine.since))}
        {engine.reason !== '' && <>: {engine.reason}</>}. {served[trust] ?? ''} Is the daemon running (
        <code>systemctl status docker</code>), and may Portolan read its socket (<code>DOCKER_HOST</code>)?{' '}
        <code>portolan doctor</code> says how to mend it.
      </span>
    </div>
  );
}
