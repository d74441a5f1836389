/** Moments as people type them into the time control. */
import { describe, expect, test } from 'vitest';
import { duration, hadHappened, isNoDay, parseMoment, shortTime } from '../../src/dashboard/time/moment.ts';
import { titleOf } from '../../src/dashboard/time/title.ts';

const now = new Date(2026, 10, 23, 12, 0, 0).getTime();
const at = (text: string) => parseMoment(text, now);
const ago = (milliseconds: number) => new Date(now - milliseconds).toISOString();

describe('a moment', () => {
  test('is live when nothing, now or live is typed, or the future', () => {
    for (const text of ['', 'now', 'Live', '2027-01-01']) expect(at(text), text).toBeNull();
  });
  test('is so long ago', () => {
    expect(at('10 min ago')).toBe(ago(600_000));
    expect(at('90s')).toBe(ago(90_000));
    expect(at('2 hours ago')).toBe(ago(7_200_000));
    expect(at('1.5h')).toBe(ago(5_400_000));
    expect(at('3 days')).toBe(ago(3 * 86_400_000));
    expect(at('an hour ago')).toBe(ago(3_600_000));
    expect(at('a minute ago')).toBe(ago(60_000));
  });
  test('is the last time that the clock said so', () => {
    expect(at('11:30')).toBe(ago(1_800_000));
    expect(at('11:59:50')).toBe(ago(10_000));
    expect(at('14:03')).toBe(new Date(2026, 10, 22, 14, 3).toISOString());
    expect(at('yesterday 09:00')).toBe(new Date(2026, 10, 22, 9, 0).toISOString());
    expect(at('yesterday at 9:00')).toBe(new Date(2026, 10, 22, 9, 0).toISOString());
    expect(at('9:30 am')).toBe(new Date(2026, 10, 23, 9, 30).toISOString());
    expect(at('yesterday 2:03pm')).toBe(new Date(2026, 10, 22, 14, 3).toISOString());
    expect(at('12:05 am')).toBe(new Date(2026, 10, 23, 0, 5).toISOString());
  });
  test('is a date, an instant, or a position', () => {
    expect(at('2026-11-01 14:03')).toBe(new Date(2026, 10, 1, 14, 3).toISOString());
    expect(at('2026-11-01T14:03:00Z')).toBe('2026-11-01T14:03:00.000Z');
    expect(at('#1234')).toBe('position:1234');
    expect(at('position:7')).toBe('position:7');
  });
  test('is nothing else', () => {
    for (const text of [
      '25:00',
      '12:61',
      '13:00 pm',
      'soon',
      '10 apples',
      'an hour',
      '2026-13-01',
      'position:x',
    ])
      expect(at(text), text).toBeUndefined();
  });
  test('is never of yesterday where today is said', () => {
    expect(at('today 23:00')).toBeNull();
    expect(at('today 00:00')).not.toBeNull();
    expect(at('23:00')).not.toBeNull();
  });
  test('is never on a day that no calendar has: the 31st of February is not taken for the 3rd of March', () => {
    for (const text of ['2026-02-31', '2026-02-29 14:03', '2026-04-31T10:00:00Z', '2025-13-01']) {
      expect(at(text), text).toBeUndefined();
      expect(isNoDay(text), text).toBe(true);
    }
    for (const text of ['2024-02-29', '2026-01-31 14:03', '14:03', 'soon'])
      expect(isNoDay(text), text).toBe(false);
    expect(at('2024-02-29T10:00:00Z')).toBe('2024-02-29T10:00:00.000Z');
  });
});

test('what had happened by a position is told by positions, even within one millisecond', () => {
  const time = '2026-11-23T12:00:00.000Z';
  expect(hadHappened(null, 9, time)).toBe(true);
  expect(hadHappened('position:9', 9, time)).toBe(true);
  expect(hadHappened('position:8', 9, time)).toBe(false);
  expect(hadHappened(time, 9, time)).toBe(true);
  expect(hadHappened('2026-11-23T11:59:59.999Z', 9, time)).toBe(false);
});

test('a time of another day says which, of another year also that', () => {
  const time = (year: number, day: number) => shortTime(new Date(year, 10, day, 9, 5, 7).getTime(), now);
  expect([time(2026, 23), time(2026, 22), time(2020, 22)]).toEqual([
    '09:05:07',
    '22 Nov 09:05:07',
    '22 Nov 2020 09:05:07',
  ]);
});

test('the title says which page it is, and which moment', () => {
  const titles = [
    '/',
    '/events',
    '/events/12',
    '/timeline',
    '/routes/web.docker.localhost',
    '/containers/a%2fb',
  ];
  expect(titles.map((path) => titleOf(path, null, null))).toEqual([
    'Routes · Portolan',
    'Events · Portolan',
    'Event 12 · Portolan',
    'Timeline · Portolan',
    'web.docker.localhost · Portolan',
    'a/b · Portolan',
  ]);
  expect(titleOf('/', 'position:12', null)).toBe('Routes at position:12 · Portolan');
});

test('durations are as exact as one reads them', () => {
  const texts = [5_000, 99_000, 300_000, 6_000_000, 12_000_000, 86_400_000, 3 * 86_400_000].map(duration);
  expect(texts).toEqual(['5 s', '99 s', '5 min', '1 h 40 min', '3 h 20 min', '24 h', '3 d']);
});
