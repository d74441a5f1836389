/** Commands on containers: durable before the engine is asked, with one outcome for each, whoever asks how often. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type EngineCommands, EngineError } from '../docker/engine.ts';
import type { Actor, Event } from '../events/event.ts';
import type { CommandId, ContainerId, EngineId, Position } from '../events/ids.ts';
import { commandKey } from '../events/keys.ts';
import type { ContainerObservation } from '../events/observations.ts';
import type { LogReader } from '../log/port.ts';
import type { State } from '../routing/state.ts';
import { CommandConflict } from './errors.ts';
import { doubt, type Leaving } from './leaving.ts';
import type { Loop } from './loop.ts';
import { commandNote } from './notes.ts';
import type { Command, CommandOptions, CommandOutcome, CommandPort } from './port.ts';
import type { Withdrawal } from './served.ts';

export interface CommandDeps {
  readonly loop: Loop;
  readonly engine: EngineCommands;
  readonly leaving: Pick<Leaving, 'before'>;
  readonly connected: () => boolean;
  /** Why the engine is away, in words; only asked while it is. */
  readonly absence: () => string;
  /** Runs a question on the log; for outcomes of commands that were carried out before. */
  readonly read: <T>(question: (reader: LogReader) => T) => T;
  readonly newId: () => string;
  readonly now: () => number;
}

export function createCommands(deps: CommandDeps): CommandPort['execute'] {
  const running = new Map<CommandId, Promise<CommandOutcome>>();

  return function execute(command, actor, options) {
    const id = commandIdOf(options.idempotencyKey) ?? (deps.newId() as CommandId);
    const earlier = running.get(id);
    if (earlier !== undefined) return earlier;
    const outcome = carryOut(deps, id, command, actor, options).finally(() => running.delete(id));
    running.set(id, outcome);
    return outcome;
  };
}

/** At the start: a request without an outcome is one of which nobody knows how it ended. */
export function settleOpenCommands(loop: Loop, now: number): void {
  for (const open of loop.state().commands.values()) {
    const { command, kind, name, container, engine, requestedBy } = open;
    const reason = 'Portolan ended before the engine answered';
    const data = { command, kind, name, container, reason };
    const cause = { id: requestedBy, correlationId: requestedBy };
    loop.submit(commandNote('CommandOutcomeUnknown', data, portolan, engine, now, cause));
  }
}

const portolan: Actor = { kind: 'portolan', name: 'portolan' };

/** The same key gives the same command, also after a restart. */
function commandIdOf(key: string | undefined): CommandId | null {
  if (key === undefined) return null;
  const hex = createHash('sha256').update(`idempotency-key:${key}`).digest('hex');
  // A name-based UUID (RFC 9562 5.8): version 8, variant 10.
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-') as CommandId;
}

async function carryOut(
  deps: CommandDeps,
  id: CommandId,
  command: Command,
  actor: Actor,
  options: CommandOptions,
): Promise<CommandOutcome> {
  const state = deps.loop.state();
  const engine = state.engine?.id ?? null;
  const called = calledOf(command);
  const known = findContainer(state, engine, called);
  const container = known?.container ?? null;
  const about = { command: id, kind: command.kind, name: known?.name ?? called, container };
  const data = { ...about, parameters: parametersOf(command) };
  const requested = await deps.loop.record(commandNote('CommandRequested', data, actor, engine, deps.now()));
  if (requested === null) return repeat(deps, id, data);
  let withdrawal: Withdrawal | null = null;
  try {
    if (!deps.connected())
      throw new EngineError(deps.absence(), 503, 'start the Docker engine, or mend --docker-host');
    withdrawal = await deps.leaving.before(command, engine, container);
    const done = await ask(deps.engine, command, container ?? called ?? '', id, options);
    const succeeded = { ...about, container: done.container ?? container };
    const event = await deps.loop.record(
      commandNote('CommandSucceeded', succeeded, portolan, engine, deps.now(), requested),
    );
    return outcomeOf(event!, done.warnings);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    // It was refused: the container is as it was.
    withdrawal?.putBack();
    const failed = { ...about, status: error.status, message: error.message };
    await deps.loop.record(commandNote('CommandFailed', failed, portolan, engine, deps.now(), requested));
    throw error;
  } finally {
    withdrawal?.putBackAfter(doubt);
  }
}

/** Asked before under the same key: gives the outcome of then, and does nothing. */
function repeat(deps: CommandDeps, id: CommandId, data: About): CommandOutcome {
  const [requested, outcome] = deps.read((reader) => [
    eventBy(reader, commandKey(id, 'requested')),
    eventBy(reader, commandKey(id, 'outcome')),
  ]);
  if (requested?.type !== 'CommandRequested' || !isSameCommand(requested.data, data)) {
    throw new CommandConflict(
      'this Idempotency-Key was used for another command',
      'use a new key for a new command',
    );
  }
  if (outcome?.type === 'CommandSucceeded') return outcomeOf(outcome, []);
  if (outcome?.type === 'CommandFailed') throw new EngineError(outcome.data.message, outcome.data.status);
  throw new EngineError(
    'the outcome of this command is not known',
    409,
    'look at the container, then use a new key',
  );
}

interface About {
  readonly name: string | null;
  readonly container: ContainerId | null;
}

/** A container renamed since is the same one, and so is one that was not known yet. */
function isSameCommand(before: About, now: About): boolean {
  const about = { name: null, container: null };
  const isSameContainer = before.container !== null && before.container === now.container;
  return (
    (isSameContainer || before.name === now.name) &&
    isDeepStrictEqual({ ...before, ...about }, { ...now, ...about })
  );
}

function eventBy(reader: LogReader, id: Event['id']): Event | null {
  const position = reader.positionOf(id);
  return position === null ? null : reader.event(position);
}

function outcomeOf(event: Event, warnings: readonly string[]): CommandOutcome {
  if (event.type !== 'CommandSucceeded') throw new TypeError(`${event.type} is no success`);
  const { command, kind, container } = event.data;
  return { command, kind, container, position: event.position as Position, warnings };
}

async function ask(
  engine: EngineCommands,
  command: Command,
  container: string,
  id: CommandId,
  options: CommandOptions,
): Promise<{ container: ContainerId | null; warnings: readonly string[] }> {
  const nothing = { container: null, warnings: [] };
  switch (command.kind) {
    case 'create': {
      const created = await engine.create(command.parameters, id, options.onProgress ?? (() => undefined));
      return { container: created.id, warnings: created.warnings };
    }
    case 'start':
    case 'pause':
    case 'unpause':
      await engine[command.kind](container);
      return nothing;
    case 'stop':
    case 'restart':
      await engine[command.kind](container, { timeout: command.timeout });
      return nothing;
    case 'kill':
      await engine.kill(container, { signal: command.signal });
      return nothing;
    case 'remove':
      await engine.remove(container, { force: command.force, volumes: command.volumes });
      return nothing;
    default:
      return command satisfies never;
  }
}

/** How the call names the container; for `create` the wanted name. */
const calledOf = (command: Command): string | null =>
  command.kind === 'create' ? (command.parameters.name ?? null) : command.container;

/** By id, unique prefix of an id (12 digits at least) or name, as the engine would. */
function findContainer(
  state: State,
  engine: EngineId | null,
  called: string | null,
): ContainerObservation | null {
  if (called === null) return null;
  const own = [...state.containers.values()].filter((container) => container.engine === engine);
  const exact = own.find(
    ({ observation }) => observation.container === called || observation.name === called,
  );
  if (exact !== undefined) return exact.observation;
  if (!/^[0-9a-f]{12,63}$/.test(called)) return null;
  const prefixed = own.filter(({ observation }) => observation.container.startsWith(called));
  return prefixed.length === 1 ? prefixed[0]!.observation : null;
}

/** What may be kept of a command: names, never values that could be secrets. */
function parametersOf(command: Command): Record<string, unknown> {
  switch (command.kind) {
    case 'create': {
      const { image, network, pull, start, env, labels, cmd } = command.parameters;
      return defined({
        image,
        network,
        pull,
        start,
        env: env && Object.keys(env).sort(),
        labels: labels && Object.keys(labels).sort(),
        arguments: cmd?.length,
      });
    }
    case 'stop':
    case 'restart':
      return defined({ timeout: command.timeout });
    case 'kill':
      return defined({ signal: command.signal });
    case 'remove':
      return defined({ force: command.force, volumes: command.volumes });
    case 'start':
    case 'pause':
    case 'unpause':
      return {};
    default:
      return command satisfies never;
  }
}

const defined = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
