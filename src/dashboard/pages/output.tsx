/** What a container prints, live. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useSession } from '../api/session.ts';
import { keepListening } from '../api/sse.ts';
import { SignIn } from '../parts/sign-in.tsx';

interface Line {
  readonly key: number;
  readonly stream: string;
  readonly text: string;
}

const most = 2_000;

export function Output({ id }: { id: string }) {
  const { signedIn } = useSession();
  return (
    <section class="sheet">
      <header>
        <h2>Output</h2>
        {!signedIn && <SignIn label="Sign in to read it" />}
      </header>
      {signedIn ? (
        <Lines key={id} id={id} />
      ) : (
        <p style={{ padding: '0.8rem 1.1rem', margin: 0 }}>
          What a container prints may hold secrets: it needs the token.
        </p>
      )}
    </section>
  );
}

function Lines({ id }: { id: string }) {
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [problem, setProblem] = useState('');
  const box = useRef<HTMLPreElement>(null);
  const following = useRef(true);
  useEffect(() => {
    const ending = new AbortController();
    let key = 0;
    void keepListening(
      `/containers/${id}/logs?tail=200`,
      ({ event, data }) => {
        if (event === 'failed') setProblem((JSON.parse(data) as { detail: string }).detail);
        if (event !== 'stdout' && event !== 'stderr') return;
        const line = { key: key++, stream: event, text: data };
        setLines((before) => [...before.slice(1 - most), line]);
      },
      {
        signal: ending.signal,
        onOpen() {
          setLines([]);
          setProblem('');
        },
        onProblem: ({ message }) => setProblem(message),
      },
    );
    return () => ending.abort();
  }, [id]);
  useEffect(() => {
    if (following.current) box.current?.scrollTo(0, box.current.scrollHeight);
  });
  return (
    <pre
      ref={box}
      class="output"
      tabIndex={0}
      role="log"
      aria-label="Output"
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        following.current = scrollTop + clientHeight >= scrollHeight - 4;
      }}
    >
      {lines.map(({ key, stream, text }) => (
        <div key={key} class={stream}>
          {text}
        </div>
      ))}
      {lines.length === 0 && problem === '' && <span class="faint">It has printed nothing.</span>}
      {problem !== '' && <div class="faint">{problem}</div>}
    </pre>
  );
}
