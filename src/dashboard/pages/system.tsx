/** How Portolan itself is: engine, log, projections, workers, jobs that fold the log again. */
import { useQueryClient } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';
import { ApiProblem, request } from '../api/client.ts';
import { useSession } from '../api/session.ts';
import type { LogFacts, System } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { Instant } from '../parts/instant.tsx';
import { Failed, Waiting } from '../parts/notice.tsx';
import { SignInDialog } from '../parts/sign-in.tsx';
import { State } from '../parts/state.tsx';
import { useMoment } from '../time/use-moment.ts';
import { Replays } from './replays.tsx';

export function SystemPage() {
  const { past } = useMoment();
  const { data, error } = useApi<System>('/system', { every: 5_000 });
  if (error !== null && data === undefined)
    return (
      <main class="page">
        <Failed problem={error} what="The system" />
      </main>
    );
  if (data === undefined) return <Waiting />;
  return (
    <main class="page stack">
      <div class="page-head" style={{ marginBottom: 0 }}>
        <h1>System</h1>
        <span class="faint">
          Portolan {data.version} on Node {data.node.replace(/^v/, '')}
        </span>
      </div>
      {past && (
        <p class="notice">Engine, log and jobs are shown as they are now: of themselves they have no past.</p>
      )}
      <div class="columns">
        <Engine system={data} />
        <Log system={data} />
      </div>
      <Projections system={data} />
      <Replays />
    </main>
  );
}

function Engine({ system: { engine, trust, proxy, workers, drifts, startedAt } }: { system: System }) {
  return (
    <section class="sheet padded">
      <h2>Engine and proxy</h2>
      <dl class="facts">
        <dt>Engine</dt>
        <dd>
          <State of={engine.connected ? 'connected' : 'away'} /> {engine.name} {engine.version}
          {engine.reason !== '' && <div class="small">{engine.reason}</div>}
        </dd>
        <dt>Since</dt>
        <dd>
          <Instant at={engine.since} />
        </dd>
        <dt>Routes are</dt>
        <dd>{trust}</dd>
        <dt>Proxy port</dt>
        <dd>{proxy.port}</dd>
        <dt>Workers</dt>
        <dd>{workers}</dd>
        <dt>Repaired drifts</dt>
        <dd>{drifts}</dd>
        <dt>Portolan since</dt>
        <dd>
          <Instant at={startedAt} />
        </dd>
      </dl>
    </section>
  );
}

function Log({ system }: { system: System }) {
  const { signedIn } = useSession();
  const { data } = useApi<LogFacts>('/log');
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const [asking, setAsking] = useState(false);
  const verify = async (): Promise<void> => {
    setBusy(true);
    setProblem('');
    try {
      await request('POST', '/log/verify');
      await client.invalidateQueries();
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401 && !signedIn) setAsking(true);
      else setProblem((error as Error).message);
    }
    setBusy(false);
  };
  return (
    <section class="sheet padded">
      <h2>Log</h2>
      <dl class="facts">
        <dt>Head</dt>
        <dd>
          {system.log.position.toLocaleString('en')}{' '}
          <span class="mono faint">{system.log.hash.slice(0, 16)}</span>
        </dd>
        {data !== undefined && (
          <>
            <dt>Events</dt>
            <dd>{data.events.toLocaleString('en')}</dd>
            <dt>Size</dt>
            <dd>{(data.bytes / 1024 / 1024).toFixed(1)} MiB</dd>
          </>
        )}
        <dt>Written</dt>
        <dd>{system.log.writable ? 'yes' : system.log.problem}</dd>
        <dt>Chain</dt>
        <dd>
          <Chain verified={system.log.verified} />
          {problem !== '' && <div role="alert">{problem}</div>}
          <div style={{ marginTop: '0.4rem' }}>
            <button type="button" class="button" disabled={busy} onClick={() => void verify()}>
              {busy ? 'Verifying…' : 'Verify the chain'}
            </button>
          </div>
        </dd>
      </dl>
      {asking && <SignInDialog onClose={() => setAsking(false)} />}
    </section>
  );
}

function Chain({ verified }: { verified: System['log']['verified'] }) {
  if (verified === null) return <span class="faint">not verified since Portolan was started</span>;
  const { at, valid, checkedTo, firstBad } = verified;
  return (
    <>
      <State of={valid ? 'valid' : 'broken'} />{' '}
      {valid ? `to ${checkedTo.toLocaleString('en')}` : `at ${firstBad?.position}: ${firstBad?.reason}`},
      verified <Instant at={at} />
    </>
  );
}

function Projections({ system: { projections, log } }: { system: System }) {
  return (
    <section class="sheet padded">
      <h2>Projections</h2>
      <div class="scrolls">
        <table class="plain">
          <thead>
            <tr>
              <th>Name</th>
              <th>Position</th>
              <th>State</th>
            </tr>
          </thead>
          <tbody>
            {projections.map(({ name, position, problem }) => (
              <tr key={name}>
                <td>{name}</td>
                <td>
                  {position.toLocaleString('en')}
                  {log.position > position && (
                    <span class="faint"> ({(log.position - position).toLocaleString('en')} behind)</span>
                  )}
                </td>
                <td>
                  {problem === '' ? (
                    log.position - position > manyEvents ? (
                      'catches up'
                    ) : (
                      'follows'
                    )
                  ) : (
                    <>
                      <State of="stale" /> {problem}
                    </>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Events behind the log: more than come while an answer is on its way. */
const manyEvents = 1_000;
