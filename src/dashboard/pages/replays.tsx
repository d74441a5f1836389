/** Jobs that fold the log again: started, watched, cancelled, and what they found. */
import { useQueryClient } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';
import { useSearchParams } from 'wouter-preact';
import { ApiProblem, request } from '../api/client.ts';
import type { PolicyChanges, ReplayInShort } from '../api/replay-shapes.ts';
import type { Page } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { Instant } from '../parts/instant.tsx';
import { SignInDialog } from '../parts/sign-in.tsx';
import { State } from '../parts/state.tsx';
import { ReplayFound } from './replay-found.tsx';
import { WhatIfForm } from './what-if-form.tsx';

const modes: readonly [mode: ReplayInShort['mode'], does: string][] = [
  ['compare', 'Fold the log anew and compare with what is shown'],
  ['rebuild', 'Fold the projections anew'],
];

export function Replays() {
  const client = useQueryClient();
  const [problem, setProblem] = useState('');
  const [asking, setAsking] = useState<'sign-in' | 'what-if' | null>(null);
  const [running, setRunning] = useState(false);
  const { data, error } = useApi<Page<ReplayInShort>>('/replays', { every: running ? 500 : 5_000 });
  const active = data?.items.some(({ state }) => state === 'running') ?? false;
  if (active !== running) setRunning(active);
  const act = async (method: string, path: string, body?: unknown): Promise<void> => {
    setProblem('');
    await request(method, path, body).catch((failure: unknown) => {
      if (failure instanceof ApiProblem && failure.status === 401) setAsking('sign-in');
      else setProblem((failure as Error).message);
    });
    await client.invalidateQueries();
  };
  return (
    <section class="sheet padded stack">
      <div class="row spread">
        <h2>Replays</h2>
        {(error === null || data !== undefined) && (
          <div class="row">
            {modes.map(([mode, does]) => (
              <button
                key={mode}
                type="button"
                class="button"
                title={does}
                onClick={() => void act('POST', '/replays', { mode })}
              >
                {mode.charAt(0).toUpperCase() + mode.slice(1)}
              </button>
            ))}
            <button
              type="button"
              class="button"
              title="Which routes would have been others under another policy"
              onClick={() => setAsking('what-if')}
            >
              What-if…
            </button>
          </div>
        )}
      </div>
      {problem !== '' && <p role="alert">{problem}</p>}
      {error !== null && data === undefined && (
        <p class="faint">Replays are not offered by this Portolan: {error.message}</p>
      )}
      {data?.items.length === 0 && (
        <p class="faint" style={{ margin: 0 }}>
          Everything shown can be folded from the log again. <em>Compare</em> proves it, <em>Rebuild</em>{' '}
          makes it anew, <em>What-if</em> says what another policy would have routed.
        </p>
      )}
      {data?.items.map((replay) => (
        <Job key={replay.id} replay={replay} cancel={() => void act('DELETE', `/replays/${replay.id}`)} />
      ))}
      {asking === 'sign-in' && <SignInDialog onClose={() => setAsking(null)} />}
      {asking === 'what-if' && (
        <WhatIfForm onClose={() => setAsking(null)} onStart={(body) => void act('POST', '/replays', body)} />
      )}
    </section>
  );
}

function Job({ replay, cancel }: { replay: ReplayInShort; cancel: () => void }) {
  const { id, mode, state, position, head, eventsPerSecond, startedAt, error, found = 0 } = replay;
  const { shown, toggle } = useShown(id);
  return (
    <div class="stack">
      <div class="row">
        <strong>{mode}</strong>
        {mode === 'what-if' && <span>{askedOf(replay)}</span>}
        <State of={state} />
        <Instant at={startedAt} />
        <progress
          aria-label={`${mode}: ${position} of ${head} events`}
          max={Math.max(1, head)}
          value={position}
        />
        <span class="faint">
          {position.toLocaleString('en')} of {head.toLocaleString('en')},{' '}
          {Math.round(eventsPerSecond).toLocaleString('en')} a second
        </span>
        {error !== undefined && <span>{error}</span>}
        {state === 'succeeded' && mode !== 'rebuild' && <span>{foundBy(replay)}</span>}
        {found > 0 && (
          <button type="button" class="button" aria-expanded={shown} onClick={toggle}>
            {shown ? 'Hide' : 'Show'} what differs
          </button>
        )}
        {state === 'running' && (
          <button type="button" class="button" onClick={cancel}>
            Cancel
          </button>
        )}
      </div>
      {shown && found > 0 && <ReplayFound id={id} />}
    </div>
  );
}

/** Which one is opened stands in the address, so that it can be sent to somebody. */
function useShown(id: string): { shown: boolean; toggle: () => void } {
  const [search, setSearch] = useSearchParams();
  const shown = search.get('replay') === id;
  const toggle = (): void =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      if (shown) next.delete('replay');
      else next.set('replay', id);
      return next;
    });
  return { shown, toggle };
}

function askedOf({ policy = {}, until }: ReplayInShort): string {
  const words: { readonly [Name in keyof Required<PolicyChanges>]: string } = {
    expose: `--expose ${policy.expose}`,
    domain: `--domain ${policy.domain}`,
    allowedHosts: `--allowed-hosts ${policy.allowedHosts?.join(',') ?? 'any'}`,
    claimHold: `--claim-hold ${(policy.claimHold ?? 0) / 1_000}`,
  };
  const changes = (Object.keys(policy) as (keyof PolicyChanges)[]).map((name) => words[name]);
  return [...changes, ...(until === undefined ? [] : [`up to ${until.toLocaleString('en')}`])].join(' ');
}

function foundBy({ mode, found = 0, truncated }: ReplayInShort): string {
  if (found === 0) return mode === 'compare' ? 'no difference' : 'no route would have been another';
  const count = `${truncated ? 'more than ' : ''}${found.toLocaleString('en')}`;
  return `${count} difference${found === 1 ? '' : 's'}`;
}
