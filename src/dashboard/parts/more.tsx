/** Asks for what comes before what is listed. */
import { useState } from 'preact/hooks';

interface Props {
  /** Null where there is nothing more. */
  readonly more: (() => Promise<void>) | null;
  readonly label: string;
}

export function More({ more, label }: Props) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  if (more === null) return null;
  const ask = async (): Promise<void> => {
    setBusy(true);
    setProblem('');
    await more().catch((error: Error) => setProblem(error.message));
    setBusy(false);
  };
  return (
    <p style={{ margin: '0.6rem 0' }}>
      <button type="button" class="button" disabled={busy} onClick={() => void ask()}>
        {busy ? 'asking…' : label}
      </button>{' '}
      {problem !== '' && <span role="alert">{problem}</span>}
    </p>
  );
}
