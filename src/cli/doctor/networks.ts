/** Whether the addresses of containers are reached from here: a connection is tried to each that runs. */
import { connect } from 'node:net';
import type { Connections } from '../../docker/connection.ts';
import type { ContainerView, EngineInfo } from '../../docker/engine.ts';
import { locateEngineHost } from '../../docker/engine-host.ts';
import { listContainers } from '../../docker/list.ts';
import { type ReachSetting, resolveReach } from '../../docker/reach.ts';
import { createReader } from '../../docker/reader.ts';
import { findOwnContainer, readSurroundings } from '../../docker/self.ts';
import type { Reach } from '../../events/decisions.ts';
import { type Finding, found } from './finding.ts';

const finding = found('networks');
/** Milliseconds for a connection; on one machine it takes less than one. */
const patience = 2_000;
/** Milliseconds for the engine's list. */
const deadline = 10_000;
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
  const all = await listContainers(people, deadline);
  const up = all.filter(({ status, id }) => status === 'running' && id !== own?.id).slice(0, most);
  const running = await createReader({ docker: people, conceal: () => '' }).views(up.map(({ id }) => id));
  const targets = running.flatMap((one) => targetOf(one, reach));
  if (targets.length === 0) return explainNone(running.length, reach);
  const tried = await Promise.all(
    targets.map(async (target) => ({ ...target, answer: await knock(target) })),
  );
  const missed = tried.filter(({ answer }) => answer === 'none');
  if (missed.length > 0) return explainMissed(missed, targets.length, reach);
  const others = running.filter(({ name }) => !targets.some((target) => target.name === name));
  const count = others.length === 0 ? `all ${running.length}` : `${targets.length} of ${running.length}`;
  const says = `${count} running containers are reached, ${words[reach.kind]}`;
  const rest = others.length === 0 ? '' : `; ${lacking[reach.kind]}: ${listed(others)}`;
  const closed = networksThatRefuse(tried);
  if (closed.length === 0) return finding('ok', `${says}${rest}.`);
  return finding(
    'note',
    `${says}, but all that were tried on ${closed.join(', ')} refuse their port${rest}.`,
    [
      'either nothing listens there in any of them, or a firewall rejects: sudo iptables -S | grep REJECT; ufw status',
    ],
  );
}

const lacking: Readonly<Record<Reach['kind'], string>> = {
  network: 'without an address on a bridge',
  shared: 'on no shared network',
  published: 'without a published port',
  simulated: 'without an address',
};

const listed = (all: readonly { readonly name: string }[]): string =>
  all
    .slice(0, 5)
    .map(({ name }) => name)
    .join(', ') + (all.length > 5 ? ', …' : '');

/** One that refuses may just not listen yet; where all of a network do, it may be a firewall that says so in their place. */
function networksThatRefuse(tried: readonly (Target & { readonly answer: Answer })[]): string[] {
  const open = new Set(tried.filter(({ answer }) => answer === 'connected').map(({ network }) => network));
  const asked = tried.filter(({ exposes }) => exposes).map(({ network }) => network);
  return [...new Set(asked)].filter((network) => !open.has(network));
}

function explainMissed(missed: readonly Target[], count: number, reach: Reach): Finding {
  const names = missed.slice(0, 5).map((target) => `${target.name} (${target.host}:${target.port})`);
  return finding(
    'problem',
    `${missed.length} of ${count} running containers are not reached, ${words[reach.kind]}: ${names.join(', ')}.`,
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

type Answer = 'connected' | 'refused' | 'none';

interface Target {
  readonly name: string;
  readonly network: string;
  /** Its port is known, rather than guessed. */
  readonly exposes: boolean;
  readonly host: string;
  readonly port: number;
}

function targetOf({ name, networks, exposed, published }: ContainerView, reach: Reach): Target[] {
  if (reach.kind === 'published') {
    const port = published.find(({ hostPort }) => hostPort > 0);
    if (port === undefined) return [];
    const wildcard = ['', '0.0.0.0', '::'].includes(port.hostAddress);
    const host = wildcard ? reach.host : port.hostAddress;
    return [{ name, network: 'published ports', exposes: true, host, port: port.hostPort }];
  }
  const network = networks.find(
    (one) =>
      (one.address !== '' || one.address6 !== '') &&
      (reach.kind !== 'shared' || reach.networks.includes(one.name)) &&
      // What has another address is on other machines' networks, where nobody is to be knocked at.
      (reach.kind !== 'network' || one.driver === undefined),
  );
  if (network === undefined) return [];
  const host = network.address || network.address6;
  return [{ name, network: network.name, exposes: exposed.length > 0, host, port: exposed[0] ?? 80 }];
}

function knock({ host, port }: Target): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answer: Answer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(patience, () => end('none'));
    socket.once('connect', () => end('connected'));
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      end(code === 'ECONNREFUSED' ? 'refused' : 'none'),
    );
  });
}
