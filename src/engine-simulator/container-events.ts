/** What the engine says about containers and their networks, with the attributes of moby 20.10. */
import type { Container, ContainerConfig } from './container.ts';
import type { Journal } from './journal.ts';
import type { Network } from './networks.ts';
import type { Random } from './random.ts';

export interface ContainerEvents {
  say(container: Container, action: string, attributes?: Readonly<Record<string, string>>): void;
  sayNetwork(action: 'connect' | 'disconnect', network: Network, container: Container): void;
  /** Says nothing of this container while the work is done. */
  hushed<T>(container: Container, work: () => Promise<T>): Promise<T>;
  isHushed(container: Container): boolean;
  /** The three events that a command inside of a container makes; a health probe is one. */
  sayExec(container: Container, command: string, exitCode: number): void;
}

export function createContainerEvents(journal: Journal, random: Random): ContainerEvents {
  const hushed = new Set<Container>();
  /** Labels overwrite what the engine says, but for image and name (moby 20.10: daemon/events.go). */
  const say: ContainerEvents['say'] = (container, action, attributes = {}) => {
    if (hushed.has(container)) return;
    const { labels, imageName } = container.config;
    const said = { ...attributes, ...labels, image: imageName, name: container.name };
    journal.emit('container', action, container.id, said);
  };
  return {
    say,
    sayNetwork(action, network, container) {
      if (hushed.has(container)) return;
      const attributes = { container: container.id, name: network.name, type: network.driver };
      journal.emit('network', action, network.id, attributes);
    },
    async hushed(container, work) {
      hushed.add(container);
      try {
        return await work();
      } finally {
        hushed.delete(container);
      }
    },
    isHushed: (container) => hushed.has(container),
    sayExec(container, command, exitCode) {
      const execID = random.hex(32);
      say(container, `exec_create: ${command}`, { execID });
      say(container, `exec_start: ${command}`, { execID });
      say(container, 'exec_die', { execID, exitCode: String(exitCode) });
    },
  };
}

/** What a health probe runs, as its events name it. */
export function probeCommand({ healthcheck }: ContainerConfig): string {
  const [kind, ...rest] = healthcheck?.test ?? [];
  return kind === 'CMD-SHELL' ? `/bin/sh -c ${rest.join(' ')}` : rest.join(' ');
}
