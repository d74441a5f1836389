/** What would have been routed under another policy: which one, and up to when. */
import { useState } from 'preact/hooks';
import { Dialog } from '../parts/dialog.tsx';
import { useMoment } from '../time/use-moment.ts';

interface Props {
  readonly onStart: (body: object) => void;
  readonly onClose: () => void;
}

export function WhatIfForm({ onStart, onClose }: Props) {
  const { at, past } = useMoment();
  const [expose, setExpose] = useState('');
  const [domain, setDomain] = useState('');
  const [hold, setHold] = useState('');
  const policy = {
    ...(expose === '' ? {} : { expose }),
    ...(domain.trim() === '' ? {} : { domain: domain.trim().toLowerCase() }),
    ...(hold === '' ? {} : { claimHold: Number(hold) * 1_000 }),
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    onStart({ mode: 'what-if', policy, ...(past ? { until: at } : {}) });
    onClose();
  };
  return (
    <Dialog title="Under another policy" onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <p>
          Decides again from all that was recorded{past && ', up to the moment that is shown'}, and lists
          which routes would have been others, and when. It changes nothing.
        </p>
        <label class="labelled">
          Which containers are exposed
          <select class="field" value={expose} onChange={(event) => setExpose(event.currentTarget.value)}>
            <option value="">as it was</option>
            <option value="all">all</option>
            <option value="labeled">only those with portolan.enable=true</option>
          </select>
        </label>
        <label class="labelled">
          Domain
          <input
            class="field"
            placeholder="as it was"
            value={domain}
            onInput={(event) => setDomain(event.currentTarget.value)}
          />
        </label>
        <label class="labelled">
          Seconds for which a stopped owner keeps its host
          <input
            class="field"
            type="number"
            min={0}
            max={86_400}
            placeholder="as it was"
            value={hold}
            onInput={(event) => setHold(event.currentTarget.value)}
          />
        </label>
        <div class="actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button main" disabled={Object.keys(policy).length === 0}>
            Decide again
          </button>
        </div>
      </form>
    </Dialog>
  );
}
