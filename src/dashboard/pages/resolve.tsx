/** A URL and a moment: where it goes, and why. */
import { useEffect, useState } from 'preact/hooks';
import { useSearchParams } from 'wouter-preact';
import type { Host, Page, Resolution } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { hostPath, To } from '../parts/link.tsx';
import { Failed } from '../parts/notice.tsx';
import { TargetLine } from '../parts/target.tsx';
import { useMoment } from '../time/use-moment.ts';

export function ResolvePage() {
  const [search, setSearch] = useSearchParams();
  const url = search.get('url') ?? '';
  const [typed, setTyped] = useState(url);
  useEffect(() => setTyped(url), [url]);
  const submit = (event: Event): void => {
    event.preventDefault();
    setSearch((before) => {
      const next = new URLSearchParams(before);
      next.set('url', completed(typed));
      return next;
    });
  };
  return (
    <main class="page stack">
      <h1>Resolve</h1>
      <form class="row" onSubmit={submit}>
        <input
          class="field"
          aria-label="URL"
          placeholder="http://nginx1.docker.localhost/path"
          style={{ flex: '1 1 16rem', maxWidth: '44rem' }}
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="submit" class="button main">
          Where does it go?
        </button>
      </form>
      {url === '' ? (
        <p class="faint">
          Type an address as a browser would get it. The proxy's own matcher answers, now or as of the moment
          that is chosen above. <Example />
        </p>
      ) : (
        <Answer url={url} />
      )}
    </main>
  );
}

const completed = (typed: string): string =>
  /^https?:\/\//i.test(typed.trim()) ? typed.trim() : `http://${typed.trim()}`;

/** One that is known, to try. */
function Example() {
  const { path } = useMoment();
  const { data } = useApi<Page<Host>>(path('/hosts', { limit: 1 }));
  const host = data?.items[0]?.host;
  if (host === undefined) return null;
  return (
    <>
      For example{' '}
      <To href="/resolve" query={{ url: `http://${host}/` }}>
        {host}
      </To>
      .
    </>
  );
}

function Answer({ url }: { url: string }) {
  const { path, past } = useMoment();
  const { data, error } = useApi<Resolution>(path('/resolve', { url }), { past });
  const host = hostOf(url);
  const known = useApi<Host>(path(`/hosts/${encodeURIComponent(host)}`), { past, when: host !== '' });
  if (error !== null && data === undefined) return <Failed problem={error} what="This URL" />;
  if (data === undefined) return null;
  return (
    <section class="sheet padded">
      <p style={{ fontSize: '1.25rem', fontFamily: 'var(--serif)' }}>
        <span class={data.status === 200 ? 'state good' : 'state bad'} style={{ fontSize: 'inherit' }}>
          {data.status === 200 ? 'Forwarded' : `Answered ${data.status}`}
        </span>
        {': '}
        {data.sentence}
      </p>
      <ol class="steps">
        <Step title="Host" ok={host !== ''}>
          {host === '' ? 'This is no host name.' : <code>{host}</code>}
        </Step>
        <Step title="Known" ok={known.data !== undefined}>
          {known.data === undefined ? (
            'No container has answered to it so far.'
          ) : (
            <>
              <To href={hostPath(host)}>{host}</To> has routes for{' '}
              {[...new Set(known.data.routes.map(({ match }) => match.path))].join(', ') || 'nothing'}
            </>
          )}
        </Step>
        <Step title="Path" ok={data.route !== undefined || data.targets.length > 0}>
          {data.route === undefined ? (
            'No open route covers it.'
          ) : (
            <>
              the longest prefix that covers it is <code>{data.route.path}</code>
            </>
          )}
        </Step>
        <Step title="Targets" ok={data.targets.length > 0}>
          {data.targets.length === 0
            ? 'none that may be asked'
            : data.targets.map((target) => <TargetLine key={target.container} target={target} />)}
        </Step>
      </ol>
    </section>
  );
}

function Step({ title, ok, children }: { title: string; ok: boolean; children: preact.ComponentChildren }) {
  return (
    <li>
      <span class={ok ? 'state good' : 'state bad'}>{title}</span>
      <div>{children}</div>
    </li>
  );
}

function hostOf(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return '';
  }
}
