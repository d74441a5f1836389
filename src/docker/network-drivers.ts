/** Which driver a network has: an address says nothing of whether this machine can reach it. */
import type Docker from 'dockerode';
import { z } from 'zod';
import { readEngine } from './call.ts';
import { EngineError } from './engine.ts';

export interface NetworkDrivers {
  /** Asks the engine for those networks that are not known yet, each once. @throws {EngineError} if it cannot be asked */
  learn(networks: readonly string[]): Promise<void>;
  /** @param network id; @returns `bridge` if it was not learned */
  of(network: string): string;
}

export interface NetworkDriversOptions {
  readonly docker: Docker;
  /** Milliseconds. */
  readonly deadline: number;
  readonly signal?: AbortSignal;
}

const networkSchema = z.object({ Driver: z.string() });

/** A network keeps its driver for as long as it has its id. */
export function createNetworkDrivers({ docker, deadline, signal }: NetworkDriversOptions): NetworkDrivers {
  const known = new Map<string, string>();
  const asked = new Map<string, Promise<void>>();

  async function ask(network: string): Promise<void> {
    try {
      const answer = await readEngine({ deadline, signal }, () => docker.getNetwork(network).inspect());
      known.set(network, driverIn(answer));
    } catch (error) {
      // 404: it was removed meanwhile. 403: a socket proxy does not show networks.
      if (!(error instanceof EngineError) || (error.status !== 404 && error.status !== 403)) throw error;
      known.set(network, usualDriver(network));
    } finally {
      asked.delete(network);
    }
  }

  return {
    async learn(networks) {
      const unknown = networks.filter((network) => network !== '' && !known.has(network));
      await Promise.all(
        unknown.map((network) => {
          const question = asked.get(network) ?? ask(network);
          asked.set(network, question);
          return question;
        }),
      );
    },
    of: (network) => known.get(network) ?? 'bridge',
  };
}

function driverIn(answer: unknown): string {
  const parsed = networkSchema.safeParse(answer);
  if (parsed.success) return parsed.data.Driver;
  throw new EngineError('the engine answered with something that is no network', 502);
}

/** The ids of a Swarm's networks are short, and most of those are overlays (moby, swarmkit identity). */
const usualDriver = (network: string): string => (/^[0-9a-f]{64}$/.test(network) ? 'bridge' : 'overlay');
