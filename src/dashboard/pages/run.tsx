/** `docker run` as a form, with the pull's progress. */
import { useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { useSession } from '../api/session.ts';
import { listen } from '../api/sse.ts';
import { Dialog } from '../parts/dialog.tsx';
import { containerPath } from '../parts/link.tsx';
import { SignInDialog } from '../parts/sign-in.tsx';

export function RunButton() {
  const { signedIn } = useSession();
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <button type="button" class="button main" onClick={() => setOpen(true)}>
        Run a container
      </button>
      {open && (signedIn ? <RunDialog onClose={close} /> : <SignInDialog onClose={close} />)}
    </>
  );
}

interface Layer {
  readonly id?: string;
  readonly status: string;
  readonly current?: number;
  readonly total?: number;
}

function RunDialog({ onClose }: { onClose: () => void }) {
  const [, navigate] = useLocation();
  const [image, setImage] = useState('nginx');
  const [name, setName] = useState('');
  const [labels, setLabels] = useState('');
  const [env, setEnv] = useState('');
  const [layers, setLayers] = useState<ReadonlyMap<string, Layer> | null>(null);
  const [problem, setProblem] = useState('');
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setProblem('');
    setLayers(new Map());
    const body = {
      image,
      ...(name === '' ? {} : { name }),
      ...(labels.trim() === '' ? {} : { labels: pairsOf(labels) }),
      ...(env.trim() === '' ? {} : { env: pairsOf(env) }),
    };
    const signal = new AbortController().signal;
    let answered = false;
    await listen(
      '/containers',
      ({ event: kind, data }) => {
        const value = JSON.parse(data);
        if (kind === 'progress') setLayers((before) => new Map(before).set(value.id ?? '', value));
        answered ||= kind === 'failed' || kind === 'done';
        if (kind === 'failed') setProblem(value.detail);
        if (kind !== 'done') return;
        onClose();
        navigate(containerPath(name || value.container));
      },
      { signal, method: 'POST', body },
    ).then(
      () =>
        answered ||
        setProblem('The answer broke off before its end: the list of containers shows whether it runs.'),
      (error: Error) => setProblem(error.message),
    );
    setLayers(null);
  };
  return (
    <Dialog title="Run a container" onClose={onClose}>
      <form onSubmit={submit} class="stack">
        <Text label="Image" value={image} onChange={setImage} />
        <Text label="Name: it answers at NAME.docker.localhost" value={name} onChange={setName} />
        <Lines label="Labels, one KEY=VALUE a line" value={labels} onChange={setLabels} />
        <Lines label="Environment, one KEY=VALUE a line" value={env} onChange={setEnv} />
        {layers !== null && <Progress layers={layers} />}
        {problem !== '' && (
          <p class="notice bad" role="alert">
            {problem}
          </p>
        )}
        <div class="actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button main" disabled={image.trim() === '' || layers !== null}>
            Run
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

const Text = ({ label, value, onChange }: FieldProps) => (
  <label class="labelled">
    {label}
    <input class="field" value={value} onInput={(event) => onChange(event.currentTarget.value)} />
  </label>
);

const Lines = ({ label, value, onChange }: FieldProps) => (
  <label class="labelled">
    {label}
    <textarea class="field" rows={2} value={value} onInput={(event) => onChange(event.currentTarget.value)} />
  </label>
);

function Progress({ layers }: { layers: ReadonlyMap<string, Layer> }) {
  const sum = (of: 'current' | 'total'): number =>
    [...layers.values()].reduce((all, layer) => all + (layer[of] ?? 0), 0);
  const total = sum('total');
  const last = [...layers.values()].at(-1);
  return (
    <div role="status" class="small">
      <progress
        aria-label="Progress"
        style={{ width: '100%' }}
        {...(total > 0 ? { max: total, value: sum('current') } : {})}
      />
      <span class="faint">{last === undefined ? 'Starting…' : last.status}</span>
    </div>
  );
}

const pairsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean)
      .map((line) => {
        const at = line.indexOf('=');
        return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
      }),
  );
