/** Ping, version, info and events of the simulated engine. */
import { instant } from './clock.ts';
import { isRunning } from './container.ts';
import type { Engine } from './engine.ts';
import { apiVersion, type Call, engineVersion, ok, type Router } from './http.ts';

export function serveSystem(router: Router, engine: Engine): void {
  router.on('GET', '/_ping', ping);
  router.on('HEAD', '/_ping', ping);
  router.on('GET', '/version', () => ok(version));
  router.on('GET', '/info', () => ok(infoView(engine)));
  router.on('GET', '/events', (call) => engine.events.serve(call));
}

function ping({ req, res }: Call): undefined {
  res.writeHead(200, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-cache, no-store, must-revalidate',
    Pragma: 'no-cache',
  });
  res.end(req.method === 'HEAD' ? undefined : 'OK');
}

const build = {
  ApiVersion: apiVersion,
  MinAPIVersion: '1.12',
  GitCommit: 'simulated',
  GoVersion: 'none',
  Os: 'linux',
  Arch: 'amd64',
  KernelVersion: 'simulated',
};

const version = {
  Platform: { Name: 'Portolan engine simulator' },
  Components: [{ Name: 'Engine', Version: engineVersion, Details: build }],
  Version: engineVersion,
  ...build,
};

function infoView({ id, name, clock, containers, images, events }: Engine): Record<string, unknown> {
  const all = containers.list();
  const paused = all.filter(({ status }) => status === 'paused').length;
  const running = all.filter(isRunning).length - paused;
  return {
    ID: id,
    Containers: all.length,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: all.length - running - paused,
    Images: images.list().length,
    Driver: 'simulated',
    NEventsListener: events.count(),
    SystemTime: instant(clock.now()),
    KernelVersion: version.KernelVersion,
    OperatingSystem: 'Portolan engine simulator',
    OSType: 'linux',
    Architecture: 'x86_64',
    NCPU: 2,
    MemTotal: 1_073_741_824,
    DockerRootDir: '/var/lib/docker',
    Name: name,
    Labels: [],
    ServerVersion: engineVersion,
    Swarm: { NodeID: '', LocalNodeState: 'inactive', ControlAvailable: false },
    LiveRestoreEnabled: false,
    SecurityOptions: ['name=seccomp,profile=default'],
    Warnings: null,
  };
}
