/** Commands on containers: durable before the engine is asked, with one outcome for each, whoever asks how often. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type EngineCommands, EngineError } from '../docker/engine.ts';
import type { Actor, DataOf, Event } from '../events/event.ts';
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
  /** A keyed digest, for what must not be recorded itself. */
  readonly conceal: (value: string) => string;
  readonly newId: () => string;
  readonly now: () => number;
}

interface UnderWay {
  readonly data: Requested;
  readonly outcome: Promise<CommandOutcome>;
}

export function createCommands(deps: CommandDeps): CommandPort['execute'] {
  const running = new Map<CommandId, UnderWay>();

  return function execute(command, actor, options) {
    const id = commandIdOf(options.idempotencyKey) ?? (deps.newId() as CommandId);
    const data = requestedOf(deps, id, command);
    const earlier = running.get(id);
    if (earlier !== undefined)
      return isSameCommand(earlier.data, data) ? earlier.outcome : Promise.reject(otherCommand());
    const outcome = carryOut(deps, data, command, actor, options).finally(() => running.delete(id));
    running.set(id, { data, outcome });
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

const engineOf = ({ loop }: CommandDeps): EngineId | null => loop.state().engine?.id ?? null;

function requestedOf(deps: CommandDeps, id: CommandId, command: Command): Requested {
  const called = calledOf(command);
  const known = findContainer(deps.loop.state(), engineOf(deps), called);
  const about = { command: id, kind: command.kind, name: known?.name ?? called };
  const container = known?.container ?? null;
  return { ...about, container, parameters: parametersOf(command, deps.conceal) };
}

async function carryOut(
  deps: CommandDeps,
  data: Requested,
  command: Command,
  actor: Actor,
  options: CommandOptions,
): Promise<CommandOutcome> {
  const engine = engineOf(deps);
  const { parameters: _, ...about } = data;
  const { container } = about;
  const requested = await deps.loop.record(commandNote('CommandRequested', data, actor, engine, deps.now()));
  if (requested === null) return repeat(deps, data);
  let withdrawal: Withdrawal | null = null;
  try {
    if (!deps.connected())
      throw new EngineError(deps.absence(), 503, 'start the Docker engine, or mend --docker-host');
    withdrawal = await deps.leaving.before(command, engine, container);
    const called = container ?? calledOf(command) ?? '';
    const done = await ask(deps.engine, command, called, about.command, options);
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
function repeat(deps: CommandDeps, data: Requested): CommandOutcome {
  const [requested, outcome] = deps.read((reader) => [
    eventBy(reader, commandKey(data.command, 'requested')),
    eventBy(reader, commandKey(data.command, 'outcome')),
  ]);
  if (requested?.type !== 'CommandRequested' || !isSameCommand(requested.data, data)) throw otherCommand();
  if (outcome?.type === 'CommandSucceeded') return outcomeOf(outcome, []);
  if (outcome?.type === 'CommandFailed') throw new EngineError(outcome.data.message, outcome.data.status);
  throw new EngineError(
    'the outcome of this command is not known',
    409,
    'look at the container, then use a new key',
  );
}

const otherCommand = (): CommandConflict =>
  new CommandConflict('this Idempotency-Key was used for another command', 'use a new key for a new command');

type Requested = DataOf<'CommandRequested'>;

/** A container renamed since is the same one, and so is one that was not known yet. */
function isSameCommand(before: Requested, now: Requested): boolean {
  const isSameContainer = before.container !== null && before.container === now.container;
  // What was requested before digests of values were recorded is told by names alone.
  const { values, ...named } = now.parameters;
  const parameters = 'values' in before.parameters ? now.parameters : named;
  return (
    before.kind === now.kind &&
    (isSameContainer || before.name === now.name) &&
    isDeepStrictEqual(before.parameters, parameters)
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

/** What may be kept of a command: names, never values that could be secrets, but a digest that tells them from others. */
function parametersOf(command: Command, conceal: CommandDeps['conceal']): Record<string, unknown> {
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
        values: (env ?? labels ?? cmd) && conceal(JSON.stringify([sorted(env), sorted(labels), cmd])),
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

const sorted = (values: Readonly<Record<string, string>> = {}): [string, string][] =>
  Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1));

const defined = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
