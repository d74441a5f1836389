/** Signing in with the token, where the one-time link of the start banner is not at hand. */
import { useState } from 'preact/hooks';
import { useSession } from '../api/session.ts';
import { Dialog } from './dialog.tsx';

export function SignIn({ label }: { label: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        {label}
      </button>
      {open && <SignInDialog onClose={() => setOpen(false)} />}
    </>
  );
}

export function SignInDialog({ onClose }: { onClose: () => void }) {
  const { signIn } = useSession();
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState('');
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await signIn(token.trim());
      onClose();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <Dialog title="Sign in" onClose={onClose}>
      <form onSubmit={submit} class="stack">
        <p>
          Looking is free on this machine. Commands and the output of containers need the token: it stands in{' '}
          <code>data/token</code>, and the start banner prints a link that signs in by itself.
        </p>
        <label class="labelled">
          Token
          <input
            class="field"
            type="password"
            autocomplete="off"
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
            aria-invalid={problem !== ''}
          />
        </label>
        {problem !== '' && (
          <p class="notice bad" role="alert">
            {problem}
          </p>
        )}
        <div class="actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button main" disabled={token.trim() === ''}>
            Sign in
          </button>
        </div>
      </form>
    </Dialog>
  );
}
