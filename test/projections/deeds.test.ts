/** What signals and observations say that somebody did. */
import { describe, expect, test } from 'vitest';
import type { ContainerObservedData } from '../../src/events/observations.ts';
import type { Claimed, SignalType } from '../../src/events/signals.ts';
import { deedBetween, detailOf, fits, markOf, type SignalEvent } from '../../src/projections/deeds.ts';
import { running } from '../routing/scenario.ts';

const signal = (type: SignalType, claimed: Claimed = {}): SignalEvent =>
  ({ type, data: { claimed } }) as SignalEvent;

describe('between two observations without a signal', () => {
  const web = running('web');
  const between = (before: Partial<ContainerObservedData>, after: Partial<ContainerObservedData>) =>
    deedBetween({ ...web, ...before }, { ...web, ...after });

  test('a change of state says what was done, and which one', () => {
    expect(deedBetween(null, web)).toBe('create');
    expect(between({ status: 'exited' }, {})).toBe('start');
    expect(between({ status: 'created' }, {})).toBe('start');
    expect(between({ status: 'paused' }, {})).toBe('unpause');
    expect(between({}, { status: 'paused' })).toBe('pause');
    expect(between({}, { status: 'exited' })).toBe('stop');
    expect(between({}, { status: 'dead' })).toBe('stop');
    expect(between({}, { status: 'restarting' })).toBeNull();
  });

  test('one that runs as before was restarted where it started anew, renamed where its name differs, else left alone', () => {
    const startedAt = '2026-01-05T07:00:00Z';
    expect(between({}, { startedAt })).toBe('restart');
    expect(between({}, { startedAt, name: 'other' })).toBe('restart');
    expect(between({}, { name: 'other' })).toBe('rename');
    expect(between({ status: 'exited' }, { status: 'exited', startedAt })).toBeNull();
    expect(between({}, {})).toBeNull();
  });
});

test('what a command does once at most, and what the engine may do again for it', () => {
  expect(markOf(signal('ContainerKilled', { signal: '15' }))).toBe('ContainerKilled 15');
  expect(markOf(signal('ContainerKilled', { signal: '9' }))).toBeNull();
  expect(markOf(signal('ContainerNetworkConnected', { network: 'a' }))).not.toBe(
    markOf(signal('ContainerNetworkConnected', { network: 'b' })),
  );
  expect(markOf(signal('ContainerDied', { exitCode: '1' }))).toBe('ContainerDied');
});

test('which signals a command brings about', () => {
  expect(fits('stop', 'ContainerUnpaused')).toBe(true);
  expect(fits('restart', 'ContainerStarted')).toBe(true);
  expect(fits('remove', 'ContainerDestroyed')).toBe(true);
  expect(fits('stop', 'ContainerDestroyed')).toBe(false);
  expect(fits('start', 'ContainerDied')).toBe(false);
  expect(fits('pause', 'ContainerUnpaused')).toBe(false);
});

test('what a signal says beside its type', () => {
  expect(detailOf(signal('ContainerKilled', { signal: '15' }))).toBe('signal 15');
  expect(detailOf(signal('ContainerDied', { exitCode: '0' }))).toBe('exit code 0');
  expect(detailOf(signal('ContainerRenamed', { oldName: 'a', name: 'b' }))).toBe('a to b');
  for (const type of ['ContainerKilled', 'ContainerDied', 'ContainerStarted'] as const)
    expect(detailOf(signal(type))).toBe('');
});
