/** Whether names of the domain lead to this machine. Browsers but Safari, and curl, know `*.localhost` by themselves. */
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { type Finding, found } from './finding.ts';

const finding = found('names');

export async function checkNames(domain: string, platform: string = process.platform): Promise<Finding> {
  const name = `portolan-doctor.${domain}`;
  const addresses = await lookup(name, { all: true }).then(
    (all) => all.map(({ address }) => address),
    () => [],
  );
  const here = new Set(
    Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((one) => one.address)),
  );
  const own = (address: string): boolean =>
    here.has(address) || address === '::1' || address.startsWith('127.');
  if (addresses.length > 0 && addresses.every(own)) {
    return finding('ok', `*.${domain} leads to this machine (${addresses.join(', ')}), for every program.`);
  }
  if (!/(^|\.)localhost$/.test(domain)) return explainDomain(domain, addresses);
  const wrong = addresses.length > 0 ? `leads to ${addresses.join(', ')}` : 'is not resolved by the system';
  const says = `*.${domain} ${wrong}: Chrome, Firefox, Edge and curl find it by themselves, other programs do not.`;
  return finding('note', says, platform === 'darwin' ? macWays(domain) : linuxWays(domain));
}

function explainDomain(domain: string, addresses: readonly string[]): Finding {
  const says =
    addresses.length === 0
      ? `*.${domain} does not resolve.`
      : `*.${domain} leads to ${addresses.join(', ')}, which is not this machine.`;
  return finding(addresses.length === 0 ? 'problem' : 'note', says, [
    `a wildcard record in its DNS: *.${domain} A with the address of this machine`,
    'or the default domain, which needs none: --domain docker.localhost',
  ]);
}

const linuxWays = (domain: string): string[] => [
  'Debian, Ubuntu: apt-get install libnss-myhostname; with systemd-resolved it works by itself',
  `name by name, in /etc/hosts: 127.0.0.1 nginx1.${domain}`,
];

/** Safari asks the system, which knows `localhost` alone. */
const macWays = (domain: string): string[] => [
  `Safari needs a resolver: brew install dnsmasq; address=/${domain}/127.0.0.1 in its dnsmasq.conf; brew services start dnsmasq`,
  `then: sudo mkdir -p /etc/resolver && echo 'nameserver 127.0.0.1' | sudo tee /etc/resolver/${domain}`,
  `name by name, in /etc/hosts: 127.0.0.1 nginx1.${domain}`,
];
