/** Whether a port can be had: who has it, or what keeps this user from it. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { bracketed } from '../../events/address.ts';
import { type Finding, found } from './finding.ts';

export interface PortQuestion {
  /** The name of the check, and the flag that chooses the port. */
  readonly check: string;
  readonly flag: string;
  readonly hosts: readonly string[];
  readonly port: number;
  readonly dataDir: string;
}

export async function checkPort(question: PortQuestion): Promise<Finding> {
  const { check, flag, hosts, port } = question;
  const finding = found(check);
  if (port === 0) return finding('skipped', 'any free port is taken.');
  for (const host of hosts) {
    const code = await tryListen(host, port);
    // Without IPv6 Portolan does without its loopback address; any other was asked for.
    if (host === '::1' && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) continue;
    if (code === 'EADDRNOTAVAIL')
      return finding('problem', `${host} is no address of this machine.`, [
        `name one of its addresses with ${flag.replace('-port', '-host')}, or 0.0.0.0 for all: ip -br addr`,
      ]);
    if (code === 'EADDRINUSE') return explainTaken(question, await isPortolan(host, port));
    if (code === 'EACCES') return explainRefused(question);
    if (code !== null) {
      return finding('problem', `port ${port} on ${host} cannot be had (${code}).`, [
        `choose another: ${flag}`,
      ]);
    }
  }
  return finding('ok', `port ${port} is free, and permitted.`);
}

/** @returns the system's code; null if it can be had */
function tryListen(host: string, port: number): Promise<string | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true, ipv6Only: true }, () => server.close(() => resolve(null)));
  });
}

function explainTaken({ check, flag, port, dataDir }: PortQuestion, portolan: boolean): Finding {
  const finding = found(check);
  const holder = holderOf(port);
  const own = readNumber(join(dataDir, 'portolan.pid'));
  if (own !== null && (holder?.pid === own || (holder === null && isAlive(own)))) {
    return finding('ok', `Portolan (process ${own}) listens on port ${port}.`);
  }
  if (portolan)
    return finding(
      'note',
      `a Portolan listens on port ${port}, but not that of ${dataDir} as far as this user sees.`,
      [
        'to look at that one, name its folder, as a user who may read it: --data-dir',
        `to start one beside it, choose another port: ${flag} 8000`,
      ],
    );
  const who = holder === null ? 'another program' : `${holder.name} (process ${holder.pid})`;
  return finding('problem', `port ${port} is taken by ${who}.`, [
    ...(holder === null ? [`find it: sudo ss -ltnp sport = :${port}`] : ['end it']),
    `or choose another: ${flag} 8000`,
  ]);
}

/** Also of another user: a proxy holds the claim of its port (`port-claim.ts`), an API signs its answers. */
async function isPortolan(host: string, port: number): Promise<boolean> {
  if (
    readText('/proc/net/unix')
      .split('\n')
      .some((line) => line.endsWith(` @portolan-port-${port}`))
  )
    return true;
  const answer = await fetch(`http://${bracketed(host)}:${port}/healthz`, {
    method: 'HEAD',
    redirect: 'manual',
    signal: AbortSignal.timeout(1_000),
  }).catch(() => null);
  return answer?.headers.has('portolan-api') === true;
}

function explainRefused({ check, flag, port }: PortQuestion): Finding {
  const finding = found(check);
  const start = readNumber('/proc/sys/net/ipv4/ip_unprivileged_port_start');
  const because =
    start === null ? '' : `: ports below ${start} are root's (net.ipv4.ip_unprivileged_port_start)`;
  return finding('problem', `port ${port} is not permitted for this user${because}.`, [
    `sudo sysctl -w net.ipv4.ip_unprivileged_port_start=${port}`,
    `for good: echo net.ipv4.ip_unprivileged_port_start=${port} | sudo tee /etc/sysctl.d/50-portolan.conf`,
    `or the systemd unit, which grants it to Portolan alone; or ${flag} 8000`,
  ]);
}

/** The program that listens; null where that cannot be seen, as by another user. */
function holderOf(port: number): { readonly pid: number; readonly name: string } | null {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeners(table, port)));
  if (inodes.size === 0) return null;
  for (const pid of entries('/proc').filter((name) => /^\d+$/.test(name))) {
    const folder = `/proc/${pid}/fd`;
    const has = entries(folder).some((fd) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(join(folder, fd))) ?? [];
      return inode !== undefined && inodes.has(inode);
    });
    if (has) return { pid: Number(pid), name: readText(`/proc/${pid}/comm`) || 'a program' };
  }
  return null;
}

/** Of proc(5): the local address is the second field, 0A is LISTEN, the inode is the tenth. */
const listeners = (table: string, port: number): string[] =>
  readText(table)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => state === '0A' && Number.parseInt(local.split(':')[1]!, 16) === port)
    .map((fields) => fields[9]!);

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Of another user, or ended in the meantime.
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function readNumber(path: string): number | null {
  const text = readText(path);
  return /^\d+$/.test(text) ? Number(text) : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
