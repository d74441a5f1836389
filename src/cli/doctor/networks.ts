/** Whether the addresses of containers are reached from here: a connection is tried to each that runs. */
import { connect } from 'node:net';
import type { Connections } from '../../docker/connection.ts';
import type { ContainerView, EngineInfo } from '../../docker/engine.ts';
import { locateEngineHost } from '../../docker/engine-host.ts';
import { type ReachSetting, resolveReach } from '../../docker/reach.ts';
import { createReader } from '../../docker/reader.ts';
import { findOwnContainer, readSurroundings } from '../../docker/self.ts';
import type { Reach } from '../../events/decisions.ts';
import { type Finding, found } from './finding.ts';

const finding = found('networks');
/** Milliseconds for a connection; on one machine it takes less than one. */
const patience = 2_000;
/** Containers that are tried. */
const most = 50;

export async function checkNetworks(
  { address, people }: Connections,
  info: EngineInfo,
  setting: ReachSetting,
): Promise<Finding> {
  const [own, engineHost] = await Promise.all([
    readSurroundings().then((surroundings) => findOwnContainer(people, surroundings)),
    locateEngineHost(address),
  ]);
  const reach = resolveReach({ setting, info, address, engineHost, own, platform: process.platform });
  const containers = await createReader({ docker: people, conceal: () => '' }).list();
  const running = containers.filter(({ status, id }) => status === 'running' && id !== own?.id);
  const targets = running.slice(0, most).flatMap((one) => targetOf(one, reach));
  if (targets.length === 0) return explainNone(running.length, reach);
  const reached = await Promise.all(targets.map(async (target) => ((await answers(target)) ? null : target)));
  const missed = reached.filter((target) => target !== null);
  const way = words[reach.kind];
  if (missed.length === 0)
    return finding('ok', `all ${targets.length} running containers are reached, ${way}.`);
  const names = missed.slice(0, 5).map((target) => `${target.name} (${target.host}:${target.port})`);
  return finding(
    'problem',
    `${missed.length} of ${targets.length} running containers are not reached, ${way}: ${names.join(', ')}.`,
    [
      'a firewall between here and the bridge? sudo iptables -S | grep -E "DROP|REJECT"; ufw status',
      'an engine in a virtual machine? publish their ports, and --reach published',
    ],
  );
}

const words: Readonly<Record<Reach['kind'], string>> = {
  network: 'by their own addresses',
  shared: 'on the networks that Portolan shares with them',
  published: 'by their published ports',
  simulated: 'on loopback',
};

function explainNone(running: number, reach: Reach): Finding {
  if (running === 0) return finding('skipped', 'no container runs that could be tried.');
  const mend = {
    network: ['connect them to a network: docker network connect bridge NAME'],
    shared: ['put Portolan on a network of theirs: docker network connect NETWORK portolan'],
    published: ['publish their ports: docker run -P, or -p 127.0.0.1::80'],
    simulated: [],
  }[reach.kind];
  return finding(
    'problem',
    `none of ${running} running containers can be reached, ${words[reach.kind]}.`,
    mend,
  );
}

interface Target {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** Any port tells: a refused connection has reached its container. */
function targetOf({ name, networks, exposed, published }: ContainerView, reach: Reach): Target[] {
  if (reach.kind === 'published') {
    const port = published.find(({ hostPort }) => hostPort > 0);
    if (port === undefined) return [];
    const wildcard = ['', '0.0.0.0', '::'].includes(port.hostAddress);
    return [{ name, host: wildcard ? reach.host : port.hostAddress, port: port.hostPort }];
  }
  const network = networks.find(
    (one) =>
      (one.address !== '' || one.address6 !== '') &&
      (reach.kind !== 'shared' || reach.networks.includes(one.name)),
  );
  if (network === undefined) return [];
  return [{ name, host: network.address || network.address6, port: exposed[0] ?? 80 }];
}

function answers({ host, port }: Target): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (reached: boolean): void => {
      socket.destroy();
      resolve(reached);
    };
    socket.setTimeout(patience, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED'));
  });
}
