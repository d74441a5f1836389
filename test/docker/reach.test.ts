/** Where Portolan runs, and how it reaches containers from there. */
import { expect, it } from 'vitest';
import { parseEngineAddress } from '../../src/docker/address.ts';
import { createConnections } from '../../src/docker/connection.ts';
import type { EngineInfo } from '../../src/docker/engine.ts';
import { locateEngineHost } from '../../src/docker/engine-host.ts';
import { resolveReach, type Whereabouts } from '../../src/docker/reach.ts';
import { findOwnContainer, type OwnContainer, ownCandidates } from '../../src/docker/self.ts';
import type { ContainerId, EngineId } from '../../src/events/ids.ts';
import { idOfRaw, startRawEngine } from './raw-engine.ts';

const info: EngineInfo = {
  id: 'E' as EngineId,
  name: 'host',
  version: '28.0',
  apiVersion: '1.48',
  operatingSystem: 'Debian GNU/Linux 13',
  rootless: false,
};
const own: OwnContainer = {
  id: idOfRaw('own') as ContainerId,
  networkMode: 'edge',
  networks: ['back', 'edge'],
  gateway: '172.20.0.1',
};
const unix = parseEngineAddress('unix:///var/run/docker.sock', {});
const local: Whereabouts = {
  setting: 'auto',
  info,
  address: unix,
  engineHost: '127.0.0.1',
  own: null,
  platform: 'linux',
};
const published = { kind: 'published', host: '127.0.0.1' };

it.each<[string, Partial<Whereabouts>, object]>([
  ['on a Linux host with a rootful engine', {}, { kind: 'network' }],
  ['in a container', { own }, { kind: 'shared', networks: ['back', 'edge'] }],
  ["in a container on the host's network", { own: { ...own, networkMode: 'host' } }, { kind: 'network' }],
  [
    'with a remote engine',
    { address: parseEngineAddress('tcp://10.0.0.5', {}), engineHost: '10.0.0.5' },
    { kind: 'published', host: '10.0.0.5' },
  ],
  ['with Docker Desktop', { info: { ...info, operatingSystem: 'Docker Desktop' } }, published],
  ['with a rootless engine', { info: { ...info, rootless: true } }, published],
  ['with Podman', { info: { ...info, version: 'Podman 5.0' } }, published],
  ['on macOS', { platform: 'darwin' }, published],
  ['told to use networks', { setting: 'network', info: { ...info, rootless: true } }, { kind: 'network' }],
  ['told to use published ports', { setting: 'published' }, published],
  [
    'told to use published ports in a container',
    { setting: 'published', own },
    { kind: 'published', host: '172.20.0.1' },
  ],
])('%s', (_, where, expected) => {
  expect(resolveReach({ ...local, ...where })).toEqual(expected);
});

it("an engine's host is an address, also where its name was given", async () => {
  expect(await locateEngineHost(unix)).toBe('127.0.0.1');
  expect(await locateEngineHost(parseEngineAddress('tcp://[::1]:2375', {}))).toBe('::1');
  expect(await locateEngineHost(parseEngineAddress('tcp://localhost:2375', {}))).toMatch(
    /^(127\.0\.0\.1|::1)$/,
  );
});

const id = 'ab'.repeat(32);
const other = 'cd'.repeat(32);

it.each([
  [
    'the files that the engine mounts',
    {
      mountinfo: `700 600 254:1 /var/lib/docker/containers/${id}/hostname /etc/hostname rw - ext4 /dev/vda1 rw`,
    },
  ],
  ['a cgroup of version 1', { cgroup: `12:cpu:/docker/${id}\n0::/` }],
  ['a cgroup of systemd', { cgroup: `0::/system.slice/docker-${id}.scope` }],
  ['a cgroup within a cgroup', { cgroup: `0::/kubepods/pod1/${id}/init` }],
])('finds its own id by %s', (_, found) => {
  expect(ownCandidates({ cgroup: '', mountinfo: '', hostname: 'web', ...found })).toEqual([id]);
});

it("does not take others' containers, mounted on the host, for its own", () => {
  const mountinfo = `90 25 0:40 / /var/lib/docker/containers/${other}/mounts/shm rw - tmpfs shm rw`;
  expect(ownCandidates({ cgroup: '0::/user.slice', mountinfo, hostname: 'my-machine' })).toEqual([]);
});

it('asks the engine whether the container is its own, and by id only', async () => {
  const engine = await startRawEngine();
  const connections = createConnections(parseEngineAddress(engine.host, {}));
  try {
    const container = idOfRaw('own');
    engine.containers.set(container, { name: 'web' });
    const find = (hostname: string, cgroup = '') =>
      findOwnContainer(connections.reading, { cgroup, mountinfo: '', hostname });
    expect(await find('web', `0::/docker/${container}`)).toMatchObject({
      id: container,
      networks: ['bridge'],
    });
    expect(await find('web', `0::/docker/${id}`)).toBeNull();
    expect(await find('my-machine')).toBeNull();
  } finally {
    connections.close();
    await engine.down();
  }
});
