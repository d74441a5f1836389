/** What happens in the demo: backends of several kinds, and what befalls them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Simulator } from './simulator.ts';

const compose = (project: string, service: string): Record<string, string> => ({
  'com.docker.compose.project': project,
  'com.docker.compose.service': service,
});

export async function populate({ run }: Simulator): Promise<void> {
  await run({ name: 'shop-web-1', labels: compose('shop', 'web') });
  await run({ name: 'shop-web-2', labels: compose('shop', 'web') });
  const api = { 'portolan.host': 'www.shop.docker.localhost', 'portolan.path': '/api' };
  await run({ name: 'shop-api-1', image: 'api', labels: { ...compose('shop', 'api'), ...api } });
  await run({ name: 'visitor' });
  await run({ name: 'flaky', restart: 'always' });
  await run({ name: 'slow-starter', healthcheck: true });
  await run({ name: 'database', image: 'database', exposed: ['5353/udp'] });
}

type Say = (text: string) => void;

/** For ever: one scene after the other, a few seconds apart. */
export async function playScenes(simulator: Simulator, say: Say): Promise<never> {
  const { containers } = simulator;
  const of = (name: string) => containers.get(name);
  const scenes: readonly (() => unknown)[] = [
    () => containers.setHealth(of('slow-starter'), 'healthy'),
    () => containers.stop(of('visitor')),
    () => containers.exit(of('flaky'), 137, { oom: true }),
    () => containers.start(of('visitor')),
    () => containers.stop(of('shop-web-1')),
    () => containers.pause(of('visitor')),
    () => containers.start(of('shop-web-1')),
    () => containers.unpause(of('visitor')),
    () => containers.setHealth(of('slow-starter'), 'unhealthy'),
    () => containers.restart(of('shop-web-2')),
  ];
  for (let turn = 0; ; turn++) {
    await sleep(4_000);
    try {
      await scenes[turn % scenes.length]!();
    } catch (error) {
      // Somebody has done it, or undone it, through the API.
      say(`a scene was left out: ${(error as Error).message}`);
    }
  }
}
