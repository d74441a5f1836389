/** Whether Linux moves connections that wait at a listener which closes to another one on the same port. */
import { readFileSync } from 'node:fs';
import { type Finding, found } from './finding.ts';

const finding = found('hand-over');

export function checkHandOver(path = '/proc/sys/net/ipv4/tcp_migrate_req'): Finding {
  let value: string;
  try {
    value = readFileSync(path, 'utf8').trim();
  } catch {
    return finding('skipped', 'this system has no net.ipv4.tcp_migrate_req (Linux 5.14 and newer have it).');
  }
  if (value !== '0')
    return finding('ok', 'connections outlive a worker that ends (net.ipv4.tcp_migrate_req).');
  return finding(
    'note',
    'when a worker ends, connections that wait at it are reset (net.ipv4.tcp_migrate_req is 0).',
    [
      'sudo sysctl -w net.ipv4.tcp_migrate_req=1',
      'for good: echo net.ipv4.tcp_migrate_req=1 | sudo tee /etc/sysctl.d/50-portolan-hand-over.conf',
    ],
  );
}
