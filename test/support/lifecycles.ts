/** Random but seeded stories: containers come, go and compete; people command them; Portolan and its engine go away. */
import type { CommandKind } from '../../src/events/commands.ts';
import type { State } from '../../src/routing/state.ts';
import { alice, bob, type Character, createStory, type Story } from './events.ts';

/**
 * The same seed tells the same story.
 * @param length number of happenings, each of one to a dozen events
 * @param state the deciding state into which it is folded
 */
export function lifecycles(seed: number, length: number, state?: State): Story {
  const random = createRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const story = createStory(state);
  let boot = 'boot-1';
  let cast: Character[] = [];
  story.started(boot, null);
  story.connected();
  story.policy();

  function appear(): void {
    const name = `web-${Math.floor(random() * 6)}`;
    if (cast.some((one) => one.name === name)) return;
    const character = story.container(name, {
      labels: claimOf(random()),
      exposed: random() < 0.1 ? [] : [80],
      restartPolicy: random() < 0.3 ? 'always' : 'no',
    });
    if (random() < 0.5) {
      const command = story.command('create', { name, id: null }, alice);
      character.created({ commandId: command.id });
      character.started();
      command.succeed(character.id);
    } else {
      character.created();
      character.started();
    }
    cast.push(character);
  }

  function happen(character: Character): void {
    const kind = pick(possible(character));
    const asked = random() < 0.5 ? story.command(kind, character, pick([alice, bob])) : null;
    const rival = random() < 0.1 ? story.command(kind, character, bob) : null;
    if (asked !== null && random() < 0.15) asked.fail(500, 'the engine said no');
    else {
      carryOut(character, kind);
      if (random() < 0.9) asked?.succeed();
    }
    rival?.succeed();
    if (kind === 'remove') cast = cast.filter((one) => one !== character);
  }

  /** Portolan goes away and comes back; what happened meanwhile is only inferred. */
  function restart(): void {
    if (random() < 0.5) story.ended();
    const lastAlive = story.instant();
    story.pass(60_000);
    if (random() < 0.3) boot = `${boot}'`;
    story.started(boot, random() < 0.8 ? lastAlive : null);
    if (random() < 0.2) return;
    story.pass(500);
    story.connected();
    for (const character of cast) {
      if (character.status === 'running' && random() < 0.3)
        character.observe(character.become('exited'), lastAlive);
    }
  }

  /** The log cannot be written for a while. */
  function gap(): void {
    const from = story.instant();
    story.pass(Math.floor(random() * 5_000));
    story.note('RecordingGapDetected', { from, to: story.instant(), lost: 1, reason: 'disk full' });
  }

  /** It is made and removed, and never started: what it asked for was never routed. */
  function ghost(): void {
    const character = story.container(`ghost-${Math.floor(random() * 2)}`, {
      labels: random() < 0.5 ? { 'portolan.host': 'ghosts.test' } : {},
    });
    character.created();
    if (random() < 0.3) story.pass(1_000);
    character.removed();
  }

  for (let step = 0; step < length; step += 1) {
    story.pass(Math.floor(random() * (random() < 0.5 ? 1_500 : 20_000)));
    const chance = random();
    if (chance < 0.06) restart();
    else if (chance < 0.09) {
      story.away();
      story.pass(3_000);
      story.connected();
    } else if (chance < 0.11) {
      story.policy({ expose: 'labeled' });
      story.pass(5_000);
      story.policy();
    } else if (chance < 0.12) gap();
    else if (cast.length === 0 || chance < 0.3) appear();
    else if (chance < 0.4) crash(pick(cast));
    else if (chance < 0.45) pick(cast).renamed(`web-${6 + Math.floor(random() * 3)}-${step}`);
    else if (chance < 0.48) ghost();
    else happen(pick(cast));
  }
  return story;
}

/** Few ask for what is refused to everybody. */
function claimOf(chance: number): Record<string, string> {
  if (chance < 0.4) return { 'portolan.host': 'shop.test' };
  return chance > 0.9 ? { 'portolan.host': 'localhost' } : {};
}

function crash(character: Character): void {
  if (character.status === 'running') character.crashed(137);
}

function possible({ status }: Character): readonly CommandKind[] {
  if (status === 'running') return ['stop', 'restart', 'pause', 'kill', 'remove'];
  return status === 'paused' ? ['unpause'] : ['start', 'remove'];
}

function carryOut(character: Character, kind: CommandKind): void {
  switch (kind) {
    case 'start':
      character.started();
      return;
    case 'stop':
      character.stopped();
      return;
    case 'restart':
      character.stopped();
      character.started();
      return;
    case 'kill':
      character.signal('ContainerKilled', { signal: '9' });
      character.crashed(137);
      return;
    case 'pause':
      character.paused();
      return;
    case 'unpause':
      character.unpaused();
      return;
    case 'remove':
      if (character.status === 'running') {
        character.signal('ContainerKilled', { signal: '9' });
        character.crashed(137);
      }
      character.removed();
      return;
    case 'create':
      return;
    default:
      kind satisfies never;
  }
}

/** Mulberry32: small, seeded, good enough for tests. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
