/** Whether the Docker engine answers, who may use its socket, and whether it takes commands. */
import { existsSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { callEngine } from '../../docker/call.ts';
import type { Connections } from '../../docker/connection.ts';
import { containerOf } from '../../docker/container.ts';
import { EngineError, type EngineInfo } from '../../docker/engine.ts';
import { identify } from '../../docker/identify.ts';
import { groupName } from './accounts.ts';
import { type Finding, found } from './finding.ts';

const finding = found('engine');
/** Milliseconds for a call. */
const deadline = 10_000;

export interface EngineFound {
  readonly findings: readonly Finding[];
  /** Null if it does not answer. */
  readonly info: EngineInfo | null;
}

export async function checkEngine({ address, reading, writing }: Connections): Promise<EngineFound> {
  try {
    const { info } = await identify(reading, deadline);
    const says = `${info.name} answers: ${info.version}, ${info.operatingSystem}.`;
    return { findings: [finding('ok', says), await checkCommands(writing)], info };
  } catch (error) {
    if (address.kind === 'unix') return { findings: [explainSocket(address.path, error)], info: null };
    const says = `the engine does not answer: ${(error as Error).message}.`;
    const hint = error instanceof EngineError ? error.hint : '';
    return { findings: [finding('problem', says, hint === '' ? [] : [hint])], info: null };
  }
}

/** Starting a container that cannot be there: an engine says so, a guard in front of it refuses. */
async function checkCommands(writing: Connections['writing']): Promise<Finding> {
  const commands = found('commands');
  try {
    await callEngine({ deadline }, (abortSignal) =>
      containerOf(writing, 'portolan-doctor-asks').start({ abortSignal }),
    );
  } catch (error) {
    const status = error instanceof EngineError ? error.status : 0;
    if (status === 404) return commands('ok', 'the engine takes commands.');
    const says = 'the engine may be read, but refuses commands: start, stop and the rest will fail.';
    return commands('note', says, [
      'behind a socket proxy that is as it should be; else let it pass POST and DELETE on /containers and /images',
    ]);
  }
  return commands('ok', 'the engine takes commands.');
}

function explainSocket(path: string, error: unknown): Finding {
  const code = codeOf(error);
  if (code === 'EACCES' || code === 'EPERM') return explainForbidden(path);
  if (!existsSync(path)) {
    const others = otherSockets().filter((other) => existsSync(other));
    return finding('problem', `there is no socket at ${path}.`, [
      ...others.map((other) => `another engine is here: --docker-host unix://${other}, or DOCKER_HOST`),
      'start Docker: systemctl start docker (Debian: apt-get install docker.io)',
    ]);
  }
  return finding('problem', `nothing answers at ${path}: ${(error as Error).message}.`, [
    'start Docker: systemctl start docker; its log: journalctl -u docker',
  ]);
}

function explainForbidden(path: string): Finding {
  const { username } = userInfo();
  const says = `${username} may not use ${path}.`;
  const proxy = 'or begin with a socket proxy that allows GET alone: docs/operations.md';
  // The folder around it may be closed, too: then it is not even seen.
  if (!existsSync(path))
    return finding('problem', says, [
      `its folder is closed to ${username}: sudo ls -ld ${dirname(path)}`,
      proxy,
    ]);
  const { gid } = statSync(path);
  const group = gid === 0 ? 'docker' : groupName(gid);
  return finding('problem', says, [
    ...(gid === 0
      ? [`give the socket a group of its own: "group": "${group}" in /etc/docker/daemon.json`]
      : []),
    `sudo usermod -aG ${group} ${username}, then sign in again (this group is root on the machine)`,
    proxy,
  ]);
}

const codeOf = (error: unknown): string => {
  const text = String((error as { code?: unknown }).code ?? '');
  return text !== '' ? text : (/\bE[A-Z]{3,}\b/.exec((error as Error).message)?.[0] ?? '');
};

/** Rootless Docker, Podman, Docker Desktop, Colima. */
const otherSockets = (): string[] => [
  '/var/run/docker.sock',
  `/run/user/${process.getuid?.() ?? 0}/docker.sock`,
  `/run/user/${process.getuid?.() ?? 0}/podman/podman.sock`,
  join(homedir(), '.docker/run/docker.sock'),
  join(homedir(), '.docker/desktop/docker.sock'),
  join(homedir(), '.colima/default/docker.sock'),
];
