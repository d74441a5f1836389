/** The engine's list of containers, and what of it differs from what is known. */
import type Docker from 'dockerode';
import { z } from 'zod';
import { type ContainerId, containerIdSchema } from '../events/ids.ts';
import { readEngine } from './call.ts';
import { EngineError, type KnownContainer } from './engine.ts';
import { healthOf, statusOf } from './observe.ts';

const listSchema = z.array(
  z.object({
    Id: containerIdSchema,
    Names: z.array(z.string()).nullish(),
    State: z.string().default(''),
    Status: z.string().default(''),
    NetworkSettings: z
      .object({
        Networks: z.record(z.string(), z.object({ IPAddress: z.string().nullish() }).nullish()).nullish(),
      })
      .nullish(),
  }),
);

export interface ListEntry {
  readonly id: ContainerId;
  readonly name: string;
  readonly status: string;
  /** Null where the list does not tell: it shows health of a running container only. */
  readonly health: string | null;
  readonly addresses: ReadonlyMap<string, string>;
  /** Seconds for which it has been up, as far as the engine's rounded words say; null if it is not running. */
  readonly up: UpTime | null;
}

/** @throws {EngineError} */
export async function listContainers(
  docker: Docker,
  deadline: number,
  signal?: AbortSignal,
): Promise<ListEntry[]> {
  const answer = await readEngine({ deadline, signal }, (abortSignal) =>
    docker.listContainers({ all: true, abortSignal }),
  );
  const parsed = listSchema.safeParse(answer);
  if (!parsed.success)
    throw new EngineError('the engine answered with something that is no list of containers', 502);
  return parsed.data.map((container) => {
    const status = statusOf(container.State);
    return {
      id: container.Id,
      name: nameOf(container.Names ?? []),
      status,
      health: status === 'running' ? healthIn(container.Status) : null,
      addresses: addressesOf(container.NetworkSettings?.Networks ?? {}),
      up: status === 'running' ? readUpTime(container.Status) : null,
    };
  });
}

/** True if the list shows a container otherwise than it is known. `now` in milliseconds on the engine's clock. */
export function differs(entry: ListEntry, known: KnownContainer | undefined, now: number): boolean {
  if (known === undefined || entry.name !== known.name || entry.status !== known.status) return true;
  if (entry.status !== 'running') return false;
  if (entry.health !== null && entry.health !== known.health) return true;
  return !sameAddresses(entry.addresses, known.addresses) || startedOtherwise(entry.up, known.startedAt, now);
}

/** Links add names such as `/other/alias`; the container's own has one slash. */
function nameOf(names: readonly string[]): string {
  const own = names.find((name) => name.lastIndexOf('/') <= 0) ?? names[0] ?? '';
  return own.replace(/^\//, '');
}

/** `Up 3 minutes (healthy)`, `Up 2 seconds (health: starting)`. */
const healthIn = (status: string): string => healthOf(/\((?:health: )?(\w+)\)$/.exec(status)?.[1]);

const addressesOf = (
  networks: Record<string, { IPAddress?: string | null | undefined } | null | undefined>,
) => new Map(Object.entries(networks).map(([name, endpoint]) => [name, endpoint?.IPAddress ?? '']));

function sameAddresses(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false;
  for (const [network, address] of a) if (b.get(network) !== address) return false;
  return true;
}

/** Seconds, both inclusive. */
interface UpTime {
  readonly least: number;
  readonly most: number;
}

const units: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3_600,
  day: 86_400,
  week: 604_800,
  month: 2_592_000,
  year: 31_536_000,
};

/** `Up 3 minutes`: the engine says how long in words, rounded down or to the nearest (go-units HumanDuration). */
export function readUpTime(status: string): UpTime | null {
  if (/^Up Less than a second/.test(status)) return { least: 0, most: 1 };
  const match = /^Up (About an?|\d+) (second|minute|hour|day|week|month|year)s?/.exec(status);
  if (match === null) return null;
  const unit = units[match[2]!]!;
  const count = match[1]!.startsWith('About') ? 1 : Number(match[1]);
  return { least: (count - 1) * unit, most: (count + 1) * unit };
}

/** A restart that was missed leaves all as it was but the time of its start. Two seconds are for the clocks. */
function startedOtherwise(up: UpTime | null, startedAt: string | null, now: number): boolean {
  if (up === null || startedAt === null) return false;
  const seconds = (now - Date.parse(startedAt)) / 1000;
  return seconds < up.least - 2 || seconds > up.most + 2;
}
