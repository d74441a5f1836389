/** A state as a mark and a word: shape and text say it, too, not the colour alone. */
import type { Container } from '../api/shapes.ts';

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

/** Of a container: its health, while it runs and has one. */
export const stateOf = ({ status, health }: Pick<Container, 'status' | 'health'>): string =>
  health === 'none' || status !== 'running' ? status : health;

export const State = ({ of }: { of: string }) => (
  <span class={`state ${tones[of] ?? 'dull'}`}>{words[of] ?? of}</span>
);
