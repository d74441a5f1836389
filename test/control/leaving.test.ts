/** Who is taken out of the table before a command or at a signal, and how long what runs has. */
import { afterEach, expect, test, vi } from 'vitest';
import { createLeaving, doubt } from '../../src/control/leaving.ts';
import type { Command } from '../../src/control/port.ts';
import { createServed } from '../../src/control/served.ts';
import { entriesOf } from '../../src/routing/entries.ts';
import type { HostEntry } from '../../src/routing/table.ts';
import { createScenario, engineA, exited, idOf, running } from '../routing/scenario.ts';

afterEach(() => void vi.useRealTimers());

const startedAt = '2026-01-01T00:00:10Z';
const nanoseconds = (instant: string): bigint => BigInt(Date.parse(instant)) * 1_000_000n;
const meanwhile = nanoseconds('2026-01-01T00:00:11Z');

/** A container of which the workers know. @param drain milliseconds */
function serve(
  options: { readonly stopSignal?: string; readonly drain?: number; readonly up?: boolean } = {},
) {
  const { stopSignal = 'SIGTERM', drain = 10_000, up = true } = options;
  const scenario = createScenario();
  const web = running('web', { startedAt, spec: { stopSignal } });
  scenario.observed(web);
  if (!up) scenario.observed(exited(web));
  const workers = new Map<string, HostEntry>();
  const served = createServed(({ hosts }) => {
    for (const entry of hosts) workers.set(entry.host, entry);
  });
  const { state } = scenario;
  const whole = { position: state.position, trust: 'confirmed' as const, hosts: entriesOf(state) };
  for (const entry of served.table(whole).hosts) workers.set(entry.host, entry);
  const waits: { readonly targets: number; readonly served: number; readonly patience: number }[] = [];
  let release = (): void => undefined;
  const inTable = (): number =>
    [...workers.values()].flatMap(({ routes }) => routes.flatMap((one) => one.targets)).length;
  const leaving = createLeaving({
    state: () => state,
    served,
    drain,
    quiet: (targets, patience) => {
      waits.push({ targets: targets.length, served: inTable(), patience });
      return new Promise((resolve) => {
        release = resolve;
      });
    },
  });
  return {
    leaving,
    waits,
    targets: inTable,
    release: () => release(),
    before: (command: Command) => leaving.before(command, engineA, idOf('web')),
  };
}

test.each<[string, Command, number]>([
  ['a stop', { kind: 'stop', container: 'web' }, 10_000],
  ['a restart', { kind: 'restart', container: 'web' }, 10_000],
  ['a pause', { kind: 'pause', container: 'web' }, 10_000],
  ['a kill', { kind: 'kill', container: 'web' }, 500],
  ['a removal by force', { kind: 'remove', container: 'web', force: true }, 500],
])('before %s nobody is sent there, and what runs has its time', async (_, command, patience) => {
  const { before, waits, targets, release } = serve();
  const begun = before(command);
  expect(waits).toEqual([{ targets: 1, served: 0, patience }]);
  let over = false;
  void begun.then(() => {
    over = true;
  });
  await new Promise(setImmediate);
  expect(over).toBe(false);
  release();
  const withdrawal = await begun;
  expect(targets()).toBe(0);
  withdrawal!.putBack();
  expect(targets()).toBe(1);
});

test.each<[string, Command]>([
  ['a start', { kind: 'start', container: 'web' }],
  ['an unpause', { kind: 'unpause', container: 'web' }],
  ['a removal that the engine refuses', { kind: 'remove', container: 'web' }],
  ['a signal to reload', { kind: 'kill', container: 'web', signal: 'SIGHUP' }],
])('%s ends nothing and takes nothing out', async (_, command) => {
  const { before, waits, targets } = serve();
  expect(await before(command)).toBeNull();
  expect([waits, targets()]).toEqual([[], 1]);
});

test("a signal that is the container's own to stop takes it out only where nobody could answer instead", async () => {
  const { before, waits } = serve({ stopSignal: 'SIGQUIT' });
  void before({ kind: 'kill', container: 'web', signal: 'SIGQUIT' });
  expect(waits).toEqual([{ targets: 1, served: 1, patience: 500 }]);
});

test('a short drain is the longest time for all', () => {
  const { before, waits } = serve({ drain: 100 });
  void before({ kind: 'kill', container: 'web' });
  expect(waits).toMatchObject([{ patience: 100 }]);
});

test('nobody is waited for where nothing is served, nor for a container that is not known', async () => {
  const { before, leaving, waits } = serve({ up: false });
  expect((await before({ kind: 'stop', container: 'web' }))!.targets).toEqual([]);
  expect(await leaving.before({ kind: 'stop', container: 'x' }, engineA, idOf('other'))).toBeNull();
  expect(await leaving.before({ kind: 'stop', container: 'x' }, null, null)).toBeNull();
  expect(waits).toEqual([]);
});

test('a kill from outside takes it out until it is doubtful that it ended', () => {
  vi.useFakeTimers();
  const { leaving, targets } = serve();
  leaving.signalled(engineA, idOf('web'), '9', meanwhile);
  expect(targets()).toBe(0);
  vi.advanceTimersByTime(doubt);
  expect(targets()).toBe(1);
});

test.each([
  ['one to reload', 'SIGHUP', meanwhile],
  ['one that an earlier start got', 'SIGKILL', nanoseconds('2026-01-01T00:00:09Z')],
  ['one that may not end the only one that serves', 'SIGTERM', meanwhile],
])('of the signals from outside %s takes nothing out', (_, signal, at) => {
  vi.useFakeTimers();
  const { leaving, targets } = serve();
  leaving.signalled(engineA, idOf('web'), signal, at);
  expect(targets()).toBe(1);
});
