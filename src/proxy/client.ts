/** Who a request comes from: the peer's address in one form, and whether its forwarding fields are believed. */
import { BlockList, isIP, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** IPv4-mapped IPv6 addresses (`::ffff:1.2.3.4`) as IPv4. */
export function peerAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith(':') && /^::ffff:\d/i.test(address) ? address.slice(7) : address;
}

export const isLoopbackPeer = (address: string): boolean => address === '::1' || address.startsWith('127.');

export type IsTrusted = (peer: string) => boolean;

/** @param cidrs as `--trusted-proxies` gave them, already checked */
export function createTrustedProxies(cidrs: readonly string[]): IsTrusted {
  if (cidrs.length === 0) return () => false;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address, bits] = cidr.includes('/') ? ipaddr.parseCIDR(cidr) : [ipaddr.parse(cidr), undefined];
    const family = address.kind() === 'ipv6' ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address.toString(), family);
    else list.addSubnet(address.toString(), bits, family);
  }
  return (peer) => peer !== '' && list.check(peer, isIPv6(peer) ? 'ipv6' : 'ipv4');
}

/**
 * The client as a chain of proxies saw it: the last address of `X-Forwarded-For` that is not a trusted proxy's.
 * What lies before it, the client may have made up.
 */
export function originOf(forwardedFor: string | undefined, peer: string, isTrusted: IsTrusted): string {
  let origin = peer;
  const hops = forwardedFor === undefined ? [] : forwardedFor.split(',').reverse();
  for (const hop of hops) {
    if (!isTrusted(origin)) break;
    const address = bare(hop.trim());
    if (isIP(address) === 0) break;
    origin = oneForm(address);
  }
  return origin;
}

/**
 * Whoever wrote it: `::ffff:cb00:7107` is 203.0.113.7.
 * @param address valid for Node; of its zone (`fe80::1%eth0.10`) ipaddr.js takes letters and digits only, and throws on others
 */
function oneForm(address: string): string {
  const zone = address.indexOf('%');
  if (zone === -1) return ipaddr.process(address).toString();
  const plain = ipaddr.process(address.slice(0, zone)).toString();
  return plain.includes(':') ? plain + address.slice(zone) : plain;
}

/** Some proxies add a port, and brackets to IPv6. */
function bare(hop: string): string {
  if (hop.startsWith('[')) return hop.slice(1, hop.indexOf(']'));
  return /^[\d.]+:\d+$/.test(hop) ? hop.slice(0, hop.indexOf(':')) : hop;
}
