/** Takes containers out of the workers' tables when they are about to end: before a command is asked of the engine, and at a signal from outside. */
import type { ContainerId, EngineId } from '../events/ids.ts';
import { isEnding, isKill } from '../events/stop-signal.ts';
import { type Container, containerKey, type State } from '../routing/state.ts';
import type { Command } from './port.ts';
import type { Served, Withdrawal } from './served.ts';

export interface Leaving {
  /**
   * Resolves when no worker has new requests for the container, and those under way have ended or had their time.
   * Null where the command does not end it.
   */
  before(
    command: Command,
    engine: EngineId | null,
    container: ContainerId | null,
  ): Promise<Withdrawal | null>;
  /** The engine told of a signal to the container. @param at nanoseconds since the epoch, by the engine's clock */
  signalled(engine: EngineId, container: ContainerId, signal: string | undefined, at: bigint): void;
}

export interface LeavingDeps {
  readonly state: () => State;
  readonly served: Pick<Served, 'withdraw'>;
  /** Resolves when all workers know the table of now, and no request is under way to the targets, or `patience` ms are over. */
  readonly quiet: (targets: readonly string[], patience: number) => Promise<void>;
  /** Milliseconds for what runs. */
  readonly drain: number;
}

/** Milliseconds that requests under way have where the container is killed: those that are short end well. */
const instant = 500;

/** Milliseconds after which a container that still runs is served again. The engine itself waits 10 s before it kills. */
export const doubt = 15_000;

export function createLeaving({ state, served, quiet, drain }: LeavingDeps): Leaving {
  const find = (engine: EngineId | null, container: ContainerId | null): Container | undefined =>
    engine === null || container === null
      ? undefined
      : state().containers.get(containerKey(engine, container));

  return {
    async before(command, engine, id) {
      const container = find(engine, id);
      const end = container === undefined ? null : endOf(command, container);
      if (end === null) return null;
      const withdrawal = served.withdraw(id!, hostsOf(container!), end);
      if (withdrawal.targets.length > 0)
        await quiet(withdrawal.targets, end.gentle ? drain : Math.min(drain, instant));
      return withdrawal;
    },
    signalled(engine, id, signal, at) {
      const container = find(engine, id);
      if (container === undefined || !isEnding(signal, container.observation.spec.stopSignal)) return;
      // Told again from the engine's memory: it was another start that got it.
      const startedAt = Date.parse(container.observation.startedAt ?? '');
      if (at < BigInt(Number.isNaN(startedAt) ? 0 : startedAt) * 1_000_000n) return;
      const certain = isKill(signal);
      served.withdraw(id, hostsOf(container), { certain, word: 'ended' }).putBackAfter(doubt);
    },
  };
}

const hostsOf = (container: Container) => container.intent.claims.map(({ match }) => match.host);

interface End {
  readonly certain: boolean;
  readonly word: string;
  /** Whether requests under way have all the time of a drain. */
  readonly gentle: boolean;
}

/** How a command ends a container for its visitors; null if it does not. */
function endOf(command: Command, container: Container): End | null {
  switch (command.kind) {
    case 'stop':
      return { certain: true, word: 'stopped', gentle: true };
    case 'restart':
      return { certain: true, word: 'restarted', gentle: true };
    case 'pause':
      return { certain: true, word: 'paused', gentle: true };
    case 'remove':
      // Without force the engine refuses to remove what runs.
      return command.force === true ? { certain: true, word: 'removed', gentle: false } : null;
    case 'kill': {
      const { signal = 'SIGKILL' } = command;
      if (!isEnding(signal, container.observation.spec.stopSignal)) return null;
      return { certain: isKill(signal), word: 'killed', gentle: false };
    }
    case 'create':
    case 'start':
    case 'unpause':
      return null;
    default:
      return command satisfies never;
  }
}
