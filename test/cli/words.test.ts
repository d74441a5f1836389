/** Tables, moments and names, as people see and type them. */
import { expect, test } from 'vitest';
import { eventLine } from '../../src/cli/event-lines.ts';
import { parseMoment } from '../../src/cli/moment.ts';
import { nearNames } from '../../src/cli/nearest.ts';
import { steady } from '../../src/cli/output.ts';
import { thatFit } from '../../src/cli/show.ts';
import { layOut } from '../../src/cli/table.ts';
import { bytes, duration } from '../../src/cli/words.ts';

const plain = { paint: (_: unknown, text: string): string => text };
const columns = [
  { title: 'NAME', value: (row: string[]) => row[0]!, whole: true },
  { title: 'WORDS', value: (row: string[]) => row[1]! },
];

test('a table takes no more than the terminal has, and cuts what is not to be whole first', () => {
  const rows = [['a-name-that-is-long', 'words '.repeat(30)]];
  const lines = layOut({ ...plain, width: 60 }, columns, rows);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(lines[1]).toMatch(/^a-name-that-is-long {2}words .*…$/);
  const endless = layOut({ ...plain, width: Number.POSITIVE_INFINITY }, columns, rows);
  expect(endless[1]).not.toContain('…');
});

test('one long name does not take the room of all other columns', () => {
  const rows = [
    ['n'.repeat(100), 'where it goes, in some words'],
    ['web', 'short'],
  ];
  const [head] = layOut({ ...plain, width: 100 }, columns, rows);
  expect(head!.indexOf('WORDS')).toBeLessThanOrEqual(100 - 24);
  const [, first] = layOut({ ...plain, width: 60 }, columns, rows);
  expect(first).toMatch(/^n{10,}… {2}where it .*…$/);
});

test('where little room is left, an event is told without being aligned', () => {
  const event = {
    position: 23,
    type: 'RouteOpened',
    recordedAt: new Date().toISOString(),
    actor: { kind: 'portolan', name: 'portolan' },
    data: { match: { host: 'web.docker.localhost', path: '/' } },
  } as never;
  const line = (width: number): string => eventLine({ ...plain, width }, event);
  expect(line(80)).toMatch(/^ {5}23 \S+ RouteOpened {12}web\.docker\.localhost$/);
  expect(line(40)).toMatch(/^23 \S+ RouteOpened web\.docker\.l.*…$/);
  expect(line(40).length).toBeLessThanOrEqual(40);
});

test('an event of a network names the container where that is known, else its id', () => {
  const event = {
    position: 9,
    type: 'ContainerNetworkConnected',
    recordedAt: new Date().toISOString(),
    actor: { kind: 'engine', name: 'engine' },
    data: { container: '300bf9f83da6'.padEnd(64, '0'), claimed: { network: 'backend' } },
  } as never;
  const line = (more: object): string =>
    eventLine({ ...plain, width: 120 }, { ...(event as object), ...more } as never);
  expect(line({ containerName: 'web' })).toMatch(/ web {2}network backend$/);
  expect(line({})).toMatch(/ 300bf9f83da6 {2}network backend$/);
});

test('a line that is longer than the terminal is wide counts as the rows that it takes', () => {
  expect(thatFit(['a', 'b', 'c'], 2, 40)).toBe(2);
  expect(thatFit(['a'.repeat(81), 'b', 'c'], 3, 40)).toBe(1);
  expect(thatFit(['\x1b[31m', '\x1b[32mgreen\x1b[0m'], 2, 5)).toBe(2);
});

test('where too little would be left of each column, the spare ones are left out, the last one first', () => {
  const spared = [
    { title: 'WHEN', value: (row: string[]) => row[0]!, whole: true },
    { title: 'NAME', value: (row: string[]) => row[1]! },
    { title: 'TOOK', value: (row: string[]) => row[2]!, whole: true, spare: true },
    { title: 'DETAIL', value: (row: string[]) => row[3]!, spare: true },
  ];
  const rows = [['11:03:20', 'a-name-of-some-length', '12m 30s', 'exited with a code']];
  const heads = [60, 40, 30, 20].map((width) => layOut({ ...plain, width }, spared, rows)[0]!.split(/ +/));
  expect(heads).toEqual([
    ['WHEN', 'NAME', 'TOOK', 'DETAIL'],
    ['WHEN', 'NAME', 'TOOK'],
    ['WHEN', 'NAME', 'TOOK'],
    ['WHEN', 'NAME'],
  ]);
  for (const width of [60, 40, 30, 20])
    expect(layOut({ ...plain, width }, spared, rows)[1]).toMatch(/^11:03:20 /);
});

test('text of containers does not steer the terminal', () => {
  const [, line] = layOut({ ...plain, width: 80 }, columns, [['\x1b[31mred\x1b[0m', 'bell\x07\nnext']]);
  expect(line).toBe('red   bell\u{fffd}\u{fffd}next');
});

test('what a container wrote keeps its colours on a terminal, and does nothing else to it', () => {
  expect(steady('\x1b[1;31mred\x1b[0m\tnext\nline é')).toBe('\x1b[1;31mred\x1b[0m\tnext\nline é');
  for (const attack of [
    '\x1b]0;title\x07',
    '\x1b]52;c;cm0gLXJmIH4=\x07',
    '\x1b]8;;http://evil\x1b\\',
    '\x1bP$q"p\x1b\\',
    '\x1b[2J\x1b[H',
    '\x1b[1A\x1b[2K',
    '\x1b[?1049h',
    '\x1b[6n',
    '\x1bc',
    '\x9b2J',
    '\x9d0;title\x9c',
    'a\rb',
    '\b\b\x7f\0',
    '\x1b[\x1b[0m2J',
    '\x1b\x1b[0m]0;a\x07',
  ])
    expect(steady(attack).replaceAll('\x1b[0m', ''), JSON.stringify(attack)).not.toMatch(
      /[\x00-\x1f\x7f-\x9f]/,
    );
});

test('moments are taken as people say them', () => {
  const now = new Date(2026, 0, 31, 14, 30).getTime();
  const local = (...parts: [number, number, number, number, number, number?]): string =>
    new Date(...parts).toISOString();
  expect(parseMoment('position:12', now)).toBe('position:12');
  for (const text of ['10m', '10 min ago', '10 minutes ago']) {
    expect(parseMoment(text, now)).toBe(local(2026, 0, 31, 14, 20));
  }
  expect(parseMoment('14:03', now)).toBe(local(2026, 0, 31, 14, 3));
  expect(parseMoment('23:59:01', now)).toBe(local(2026, 0, 30, 23, 59, 1));
  expect(parseMoment('yesterday 9:00', now)).toBe(local(2026, 0, 30, 9, 0));
  expect(parseMoment('yesterday at 23:00', now)).toBe(local(2026, 0, 30, 23, 0));
  expect(parseMoment('an hour ago', now)).toBe(local(2026, 0, 31, 13, 30));
  expect(parseMoment('2026-01-30 08:00', now)).toBe(local(2026, 0, 30, 8, 0));
  expect(parseMoment('2026-01-30', now)).toBe(local(2026, 0, 30, 0, 0));
  expect(parseMoment('2026-01-30T08:00:00Z', now)).toBe('2026-01-30T08:00:00.000Z');
  expect(parseMoment('2:03 pm', now)).toBe(local(2026, 0, 31, 14, 3));
  for (const text of ['', '25:00', '2026-13-01', '10 parsecs', 'position:-1', '12'])
    expect(() => parseMoment(text, now), text).toThrow('Allowed');
});

test('a unit or a day that is not one is refused, rather than taken for another', () => {
  for (const text of [
    '10 months ago',
    '5 metres',
    '3 dogs',
    '2026-02-31',
    '2026-04-31T10:00:00Z',
    '13:00 pm',
  ])
    expect(() => parseMoment(text), text).toThrow('Allowed');
  expect(() => parseMoment('2026-02-31')).toThrow('There is no such day.');
  expect(parseMoment('2024-02-29T10:00:00Z')).toBe('2024-02-29T10:00:00.000Z');
});

test('the nearest names are those that could have been meant', () => {
  expect(nearNames('ngnix1', ['nginx1', 'nginx2', 'redis'])).toEqual(['nginx1']);
  expect(nearNames('shop', ['blog-shop-1', 'cache'])).toEqual(['blog-shop-1']);
  expect(nearNames('x', ['database', 'cache'])).toEqual([]);
});

test('ages and sizes', () => {
  expect(['0s', '59s', '1m 5s', '2d']).toEqual([0, 59_999, 65_000, 172_800_000].map(duration));
  expect(['0 B', '999 B', '1.5 kB', '250 MB']).toEqual([0, 999, 1_500, 250e6].map(bytes));
});
