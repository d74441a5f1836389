/** Who the engine is, and what its clock shows: `GET /info` and `GET /version`. */
import { createHash } from 'node:crypto';
import type Docker from 'dockerode';
import { z } from 'zod';
import type { EngineId } from '../events/ids.ts';
import { readEngine } from './call.ts';
import { EngineError, type EngineInfo } from './engine.ts';

const infoSchema = z.object({
  // May be empty, but an answer without it is no engine's.
  ID: z.string(),
  Name: z.string().default(''),
  ServerVersion: z.string().default(''),
  OperatingSystem: z.string().default(''),
  DockerRootDir: z.string().default(''),
  SystemTime: z.string().optional(),
  SecurityOptions: z.array(z.string()).nullish(),
});
const versionSchema = z.object({
  Version: z.string(),
  ApiVersion: z.string().default(''),
  Components: z.array(z.object({ Name: z.string() })).nullish(),
});

export interface Identity {
  readonly info: EngineInfo;
  /** The engine's clock as it answered, nanoseconds. */
  readonly systemTime: bigint;
  /** Nanoseconds that the engine's clock is ahead of ours, give or take the time of the call. */
  readonly clockOffset: bigint;
}

/** @throws {EngineError} */
export async function identify(docker: Docker, deadline: number, signal?: AbortSignal): Promise<Identity> {
  const before = Date.now();
  const [rawInfo, rawVersion] = await Promise.all([
    readEngine({ deadline, signal }, () => docker.info()),
    readEngine({ deadline, signal }, () => docker.version()),
  ]);
  const middle = BigInt(Math.round((before + Date.now()) / 2)) * 1_000_000n;
  const info = infoSchema.safeParse(rawInfo);
  const version = versionSchema.safeParse(rawVersion);
  if (!info.success || !version.success) {
    throw new EngineError('what answers there is no Docker engine', 503, 'does DOCKER_HOST name the engine?');
  }
  const systemTime = parseInstant(info.data.SystemTime) ?? middle;
  return {
    info: infoOf(info.data, version.data),
    systemTime,
    clockOffset: systemTime - middle,
  };
}

function infoOf(info: z.infer<typeof infoSchema>, version: z.infer<typeof versionSchema>): EngineInfo {
  const podman = (version.Components ?? []).some(({ Name }) => Name.startsWith('Podman'));
  return {
    id: (podman || info.ID === '' ? derivedId(info) : info.ID) as EngineId,
    name: info.Name,
    version: `${podman ? 'Podman ' : ''}${version.Version || info.ServerVersion}`,
    apiVersion: version.ApiVersion,
    operatingSystem: info.OperatingSystem,
    rootless: (info.SecurityOptions ?? []).some((option) => option.startsWith('name=rootless')),
  };
}

/** Podman gives another random id at every call; its host and folder stay. */
const derivedId = (info: z.infer<typeof infoSchema>): string =>
  createHash('sha256').update(`${info.Name}\n${info.DockerRootDir}`).digest('hex').slice(0, 32);

/** Nanoseconds of an RFC 3339 instant, all nine digits kept. */
function parseInstant(text: string | undefined): bigint | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text ?? '');
  if (match === null) return null;
  const seconds = Date.parse(`${match[1]}${match[3]}`);
  return Number.isNaN(seconds)
    ? null
    : BigInt(seconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}
