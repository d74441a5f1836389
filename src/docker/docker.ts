/** One engine, put together: its watcher, commands and reader, and how its containers are reached. */
import type { Logger } from 'pino';
import { parseEngineAddress } from './address.ts';
import { createCommands } from './commands.ts';
import { createConnections } from './connection.ts';
import type { EngineCommands, EngineInfo, EngineReader, EngineWatcher, Placement } from './engine.ts';
import { locateEngineHost } from './engine-host.ts';
import { type ReachSetting, resolveReach } from './reach.ts';
import { createReader } from './reader.ts';
import { createConceal } from './secrets.ts';
import { findOwnContainer, readSurroundings } from './self.ts';
import { createWatcher } from './watcher.ts';

export interface DockerOptions {
  /** As `DOCKER_HOST` allows. */
  readonly host: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Key of the HMACs that stand for label values. */
  readonly labelKey: string;
  readonly reach: ReachSetting;
  readonly logger: Logger;
}

export interface Docker {
  readonly watcher: EngineWatcher;
  readonly commands: EngineCommands;
  readonly reader: EngineReader;
  stop(): Promise<void>;
}

/** @throws {InvalidEngineAddress} */
export function createDocker({ host, env, labelKey, reach: setting, logger }: DockerOptions): Docker {
  const address = parseEngineAddress(host, env);
  const connections = createConnections(address);
  const conceal = createConceal(Buffer.from(labelKey));
  const watcher = createWatcher({ connections, conceal, logger, locate });

  async function locate(info: EngineInfo): Promise<Placement> {
    const [own, engineHost] = await Promise.all([
      readSurroundings().then((surroundings) => findOwnContainer(connections.people, surroundings)),
      locateEngineHost(address),
    ]);
    const { platform } = process;
    const reach = resolveReach({ setting, info, address, engineHost, own, platform });
    return { reach, ownContainer: own?.id ?? null };
  }

  return {
    watcher,
    commands: createCommands({ docker: connections.writing }),
    reader: createReader({ docker: connections.people, conceal }),
    async stop() {
      await watcher.stop();
      connections.close();
    },
  };
}
