/** Does a look-up cost the same with 100,000 hosts in the table as with 10? The host's name comes as a fresh string each time, as from a parser. */
import { match } from '../src/routing/match.ts';
import { createTable, type RoutingTable } from '../src/routing/table.ts';
import { entryOf, routeOf, snapshotOf, targetOf } from '../test/proxy/in-process.ts';
import { median, print } from './support/report.ts';

const rounds = 15;
const lookUps = 400_000;

const nameOf = (at: number): string => `service-${at}.project-${at % 97}.docker.localhost`;
const tableOf = (count: number): RoutingTable => {
  const target = targetOf({ address: '127.0.0.1', port: 80 });
  const entries = Array.from({ length: count }, (_, at) => entryOf(nameOf(at), [routeOf([target])]));
  return createTable(snapshotOf(entries));
};

/** Requests for so many different hosts, as bytes, in an order that no cache foresees. */
function requests(hosts: number, known: number): Buffer[] {
  let seed = 1;
  return Array.from({ length: 4_096 }, () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    const among = Math.floor((seed / 2 ** 32) * hosts);
    return Buffer.from(nameOf(Math.floor((among * known) / hosts)));
  });
}

function nanoseconds(table: RoutingTable, asked: readonly Buffer[]): number {
  const began = process.hrtime.bigint();
  for (let at = 0; at < lookUps; at += 1) {
    const name = asked[at % asked.length]!;
    if (match(table, name.toString('latin1'), '/').kind !== 'route') throw new Error('not found');
  }
  return Number(process.hrtime.bigint() - began) / lookUps;
}

const few = tableOf(10);
const many = tableOf(100_000);
const cases = {
  few: [few, requests(10, 10)],
  same: [many, requests(10, 100_000)],
  spread: [many, requests(4_096, 100_000)],
} as const;
const taken: Record<keyof typeof cases, number[]> = { few: [], same: [], spread: [] };
for (let round = 0; round < rounds; round += 1)
  for (const [name, [table, asked]] of Object.entries(cases))
    taken[name as keyof typeof cases].push(nanoseconds(table, asked));

const against = (one: readonly number[]): number =>
  median(one.map((time, round) => time / taken.few[round]!));
print('match', {
  '10 hosts, all of them asked for, ns': median(taken.few),
  '100,000 hosts, 10 of them asked for, ns': median(taken.same),
  '100,000 hosts, 4,096 of them asked for, ns': median(taken.spread),
  'the second to the first (wanted: 1.2)': against(taken.same),
  'the third to the first': against(taken.spread),
});
