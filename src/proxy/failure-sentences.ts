/** What the proxy says of a target that gave no answer. */
import type { Target } from '../events/decisions.ts';

type Named = Pick<Target, 'name' | 'port'>;

export const refusesConnections = ({ name, port }: Named): string =>
  `container ${name} does not accept connections on port ${port}; if it listens on another one, name that with the label portolan.port.`;

export const tookNoConnection = ({ name, port }: Named): string =>
  `container ${name} took no connection on port ${port} in time.`;

/** @param milliseconds that it had */
export const wasTooSlow = ({ name }: Named, milliseconds: number): string =>
  `container ${name} did not begin to answer within ${milliseconds / 1000} s.`;

export const gaveNoUsableAnswer = ({ name }: Named, error: Error): string =>
  `container ${name} gave no usable answer (${error.message}).`;
