/** What is wrong with Portolan itself, on every page: the API is away, the engine is away, the log cannot be written. */
import type { Connection } from '../api/live.ts';
import type { System } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { duration } from '../time/moment.ts';

export function Banners({ connection }: { connection: Connection }) {
  const { data } = useApi<System>('/system', { every: 10_000 });
  if (connection === 'away')
    return (
      <div class="banner away" role="alert">
        <strong>Portolan does not answer.</strong> What you see is what it said last. This page tries again
        every second.
      </div>
    );
  if (data === undefined) return null;
  return (
    <>
      {!data.engine.connected && <EngineAway engine={data.engine} />}
      {data.log.problem !== '' && (
        <div class="banner warn">The log cannot be written: {data.log.problem}</div>
      )}
      {data.problems.map((problem) => (
        <div key={problem} class="banner warn">
          {problem}
        </div>
      ))}
    </>
  );
}

function EngineAway({ engine }: { engine: System['engine'] }) {
  return (
    <div class="banner warn" role="status">
      <span>
        <strong>No Docker engine</strong> since {duration(Date.now() - Date.parse(engine.since))}
        {engine.reason !== '' && <>: {engine.reason}</>}. The last known routes are served meanwhile. Is the
        daemon running (<code>systemctl status docker</code>), and may Portolan read its socket (
        <code>DOCKER_HOST</code>)? <code>portolan doctor</code> says how to mend it.
      </span>
    </div>
  );
}
