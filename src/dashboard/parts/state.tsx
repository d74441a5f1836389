/** A state as a mark and a word: shape and text say it, too, not the colour alone. */

const tones: Readonly<Record<string, 'good' | 'bad' | 'odd' | 'dull'>> = {
  open: 'good',
  running: 'good',
  healthy: 'good',
  succeeded: 'good',
  connected: 'good',
  valid: 'good',
  closed: 'bad',
  down: 'bad',
  exited: 'bad',
  dead: 'bad',
  failed: 'bad',
  away: 'bad',
  stale: 'bad',
  broken: 'bad',
  unhealthy: 'bad',
  refused: 'odd',
  unconfirmed: 'odd',
  paused: 'odd',
  restarting: 'odd',
  starting: 'odd',
  pending: 'odd',
  unknown: 'odd',
};

const words: Readonly<Record<string, string>> = { closed: 'down' };

export const State = ({ of }: { of: string }) => (
  <span class={`state ${tones[of] ?? 'dull'}`}>{words[of] ?? of}</span>
);
