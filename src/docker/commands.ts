/** Changes containers, over connections of their own: a hung `stop` never delays the stream. */
import type Docker from 'dockerode';
import { z } from 'zod';
import { type ContainerId, containerIdSchema } from '../events/ids.ts';
import { type CallOptions, callEngine } from './call.ts';
import { containerOf } from './container.ts';
import { type CreateParameters, type EngineCommands, EngineError, type PullProgress } from './engine.ts';
import { inspectSchema } from './observe.ts';
import { pullImage } from './pull.ts';
import { createRedact, redactPatterns } from './redact.ts';

/** Milliseconds. */
export interface CommandTimings {
  /** For a command that the engine carries out by itself. */
  readonly deadline: number;
  /** Beyond the time that a container is given to stop. */
  readonly margin: number;
  /** Silence after which a pull counts as hung. */
  readonly silence: number;
}

export interface CommandsOptions {
  readonly docker: Docker;
  readonly timings?: Partial<CommandTimings> | undefined;
}

const defaultTimings: CommandTimings = { deadline: 60_000, margin: 30_000, silence: 300_000 };
const createdSchema = z.object({ Id: containerIdSchema, Warnings: z.array(z.string()).nullish() });
/** The engine's own, where neither the call nor the container says. */
const defaultStopSeconds = 10;

export function createCommands(options: CommandsOptions): EngineCommands {
  const { docker } = options;
  const timings = { ...defaultTimings, ...options.timings };
  const call = <T>(work: (abortSignal: AbortSignal) => Promise<T>, limits?: Partial<CallOptions>) =>
    callEngine({ deadline: timings.deadline, redact: redactPatterns, ...limits }, work);

  /** Milliseconds for a call that waits for a container to stop, which may take for ever (-1). */
  async function stopDeadline(id: string, timeout: number | undefined): Promise<number> {
    const seconds = timeout ?? (await stopTimeout(id));
    return seconds < 0 ? 2_147_483_647 : Math.min(seconds * 1000 + timings.margin, 2_147_483_647);
  }
  async function stopTimeout(id: string): Promise<number> {
    const answer = await call((abortSignal) => containerOf(docker, id).inspect({ abortSignal }));
    return inspectSchema.safeParse(answer).data?.Config.StopTimeout ?? defaultStopSeconds;
  }

  return {
    create: (parameters, commandId, onProgress) => create(docker, timings, parameters, commandId, onProgress),
    start: (id) => call(ignoringDone((abortSignal) => containerOf(docker, id).start({ abortSignal }))),
    async stop(id, { timeout }) {
      const deadline = await stopDeadline(id, timeout);
      const query = timeout === undefined ? {} : { t: timeout };
      const stop = (abortSignal: AbortSignal) => containerOf(docker, id).stop({ ...query, abortSignal });
      await call(ignoringDone(stop), { deadline });
    },
    async restart(id, { timeout }) {
      const deadline = (await stopDeadline(id, timeout)) + timings.margin;
      const query = timeout === undefined ? {} : { t: timeout };
      await call((abortSignal) => containerOf(docker, id).restart({ ...query, abortSignal }), {
        deadline: Math.min(deadline, 2_147_483_647),
      });
    },
    pause: (id) => call((abortSignal) => containerOf(docker, id).pause({ abortSignal })),
    unpause: (id) => call((abortSignal) => containerOf(docker, id).unpause({ abortSignal })),
    async kill(id, { signal }) {
      const query = signal === undefined ? {} : { signal };
      await call((abortSignal) => containerOf(docker, id).kill({ ...query, abortSignal }));
    },
    async remove(id, { force = false, volumes = false }) {
      await call((abortSignal) => containerOf(docker, id).remove({ force, v: volumes, abortSignal }));
    },
  };
}

/** 304: it was so already. */
function ignoringDone(work: (abortSignal: AbortSignal) => Promise<unknown>) {
  return async (abortSignal: AbortSignal): Promise<void> => {
    try {
      await work(abortSignal);
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 304) throw error;
    }
  };
}

async function create(
  docker: Docker,
  timings: CommandTimings,
  parameters: CreateParameters,
  commandId: string,
  onProgress: (progress: PullProgress) => void,
): Promise<{ id: ContainerId; warnings: string[] }> {
  const { image, pull } = parameters;
  if (!imageReference.test(image) || image.includes('..'))
    throw new EngineError('not a reference to an image', 400);
  const redact = createRedact(parameters);
  const limits = { deadline: timings.deadline, redact };
  if (pull === 'always' || (pull === 'missing' && !(await hasImage(docker, image, limits)))) {
    await pullImage(docker, image, { redact, silence: timings.silence, onProgress });
  }
  const answer = await callEngine(limits, (abortSignal) =>
    postCreate(docker, parameters, commandId, abortSignal),
  );
  const created = createdSchema.safeParse(answer);
  if (!created.success) throw new EngineError('the engine answered with something that is no container', 502);
  const { Id, Warnings } = created.data;
  if (parameters.start) await startCreated(docker, Id, limits);
  return { id: Id, warnings: (Warnings ?? []).map(redact) };
}

/**
 * dockerode's own createContainer repeats the whole body in the query, env values included, where proxies log them,
 * and drops the warnings.
 */
function postCreate(
  docker: Docker,
  parameters: CreateParameters,
  commandId: string,
  abortSignal: AbortSignal,
): Promise<unknown> {
  const { name } = parameters;
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const options = {
    path: '/containers/create?',
    method: 'POST',
    options: { _query: name === undefined ? {} : { name }, _body: bodyOf(parameters, commandId) },
    abortSignal,
    statusCodes: { 200: true, 201: true },
  };
  docker.modem.dial(options as unknown as Parameters<typeof docker.modem.dial>[0], (error, answer) => {
    if (error) reject(error);
    else resolve(answer);
  });
  return promise;
}

/** Letters, digits and separators, as in `registry:5000/name/space:tag@sha256:…`: it becomes part of a path. */
const imageReference = /^[a-zA-Z0-9][a-zA-Z0-9_.:@/-]{0,511}$/;

async function hasImage(docker: Docker, image: string, limits: CallOptions): Promise<boolean> {
  try {
    await callEngine(limits, () => docker.getImage(image).inspect());
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return false;
    throw error;
  }
}

/** As with `docker run`, a container that cannot be started stays. */
async function startCreated(docker: Docker, id: ContainerId, limits: CallOptions): Promise<void> {
  try {
    await callEngine(limits, (abortSignal) => docker.getContainer(id).start({ abortSignal }));
  } catch (error) {
    const { message, status } = error as EngineError;
    throw new EngineError(message, status, `the container ${id.slice(0, 12)} was created but does not run`);
  }
}

function bodyOf(parameters: CreateParameters, commandId: string): Docker.ContainerCreateOptions {
  const { image, env, labels, cmd, network } = parameters;
  return {
    Image: image,
    ...(env !== undefined && { Env: Object.entries(env).map(([key, value]) => `${key}=${value}`) }),
    ...(cmd !== undefined && { Cmd: [...cmd] }),
    Labels: { ...labels, 'portolan.command-id': commandId },
    ...(network !== undefined && { HostConfig: { NetworkMode: network } }),
  };
}
