/** Who a request comes from, as trusted proxies tell it: text that anybody may have written. */
import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTrustedProxies, originOf } from '../../src/proxy/client.ts';

const parts = fc.constantFrom(
  ...['::', ':', '.', '%', '%25', '%eth0', '.10', '-', '[', ']', ' ', '0', '01', 'ffff', '255', 'x', '\xe9'],
  ...['fe80::1', '::ffff:', '1.2.3.4', '64:ff9b::', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:1.2.3.4', ', '],
);
const chains = fc.array(parts, { minLength: 1, maxLength: 6 }).map((some) => some.join(''));

test('no chain makes it throw, however odd its addresses are, and what comes out is one', () => {
  const trusted = createTrustedProxies(['0.0.0.0/0', '::/0']);
  const check = (chain: string): void => {
    expect(isIP(originOf(chain, '127.0.0.1', trusted))).not.toBe(0);
  };
  fc.assert(fc.property(chains, check), { numRuns: 20_000 });
});
