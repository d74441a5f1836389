/** The one time control of every page: live or a moment; scrubbed, stepped, or typed. */
import { useId, useState } from 'preact/hooks';
import type { Connection } from '../api/live.ts';
import { useNow } from '../parts/instant.tsx';
import { clock, duration, isNoDay, parseMoment, shortTime } from './moment.ts';
import { Scale } from './scale.tsx';
import { Steps } from './steps.tsx';
import { useInstant, useMoment } from './use-moment.ts';

export function TimeBar({ connection }: { connection: Connection }) {
  const { at, past } = useMoment();
  return (
    <section class="time" aria-label="Time">
      {past ? <Then at={at!} /> : <Now connection={connection} />}
      <Scale />
      <div class="row">
        <Steps />
        <Typed />
      </div>
    </section>
  );
}

function Now({ connection }: { connection: Connection }) {
  const now = useNow(true, 1_000);
  return (
    <div class="now">
      <strong class={connection === 'away' ? 'then' : 'live'}>
        {connection === 'away' ? 'Cut off' : 'Live'}
      </strong>
      <span class="small faint">{clock(now)}</span>
    </div>
  );
}

function Then({ at }: { at: string }) {
  const { go } = useMoment();
  const now = useNow();
  const instant = useInstant(at);
  const position = at.startsWith('position:') ? ` (event ${at.slice(9)})` : '';
  return (
    <div class="now" role="status">
      <strong class="then">{instant === null ? 'The past' : `The past: ${shortTime(instant)}`}</strong>
      <span class="small">
        {instant !== null && `${duration(now - instant)} ago${position} · `}
        <button type="button" class="instant" onClick={() => go(null)}>
          back to live
        </button>
      </span>
    </div>
  );
}

function Typed() {
  const { go } = useMoment();
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  const id = useId();
  const submit = (event: Event): void => {
    event.preventDefault();
    const moment = parseMoment(text, Date.now());
    setWrong(moment === undefined);
    if (moment === undefined) return;
    go(moment);
    setText('');
  };
  return (
    <form onSubmit={submit}>
      <input
        class="field"
        aria-label="Go to a moment: 14:03, 10 min ago, a date, #position, or live"
        title="Go to a moment"
        placeholder="14:03, 10 min ago"
        aria-invalid={wrong}
        {...(wrong ? { 'aria-describedby': id } : {})}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setWrong(false);
        }}
        onBlur={() => setWrong(false)}
      />
      {wrong && (
        <p class="hint" role="alert" id={id}>
          {isNoDay(text) && 'There is no such day. '}A moment is <kbd>14:03</kbd>, <kbd>10 min ago</kbd>,{' '}
          <kbd>yesterday 9:00</kbd>, <kbd>2026-01-31 14:03</kbd>, <kbd>#1234</kbd> (an event) or{' '}
          <kbd>live</kbd>.
        </p>
      )}
    </form>
  );
}
