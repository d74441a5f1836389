/** A connection to a remote engine through the system's `ssh`, as the Docker CLI makes it: `docker system dial-stdio`. */
import { execFile, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import type { EngineAddress } from './address.ts';

type SshAddress = Extract<EngineAddress, { kind: 'ssh' }>;

/**
 * The system's `ssh` and not docker-modem's own client: it checks the host key and honours `~/.ssh/config`, agents
 * and jump hosts, and a kept-alive connection serves many requests.
 */
export function openSshConnection(address: SshAddress): Duplex {
  const child = spawn('ssh', sshArguments(address), { stdio: ['pipe', 'pipe', 'pipe'] });
  const duplex = new Duplex({
    read: () => void child.stdout.resume(),
    // A failed write is explained by what ssh says at its end, better than by EPIPE.
    write: (chunk, encoding, done) => void child.stdin.write(chunk, encoding, () => done()),
    final: (done) => void child.stdin.end(() => done()),
    destroy(error, done) {
      child.kill();
      done(error);
    },
  });
  let complaint = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (!duplex.push(chunk)) child.stdout.pause();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-500);
  });
  child.stdin.on('error', () => undefined);
  child.once('error', (error) => duplex.destroy(sshError(error.message)));
  child.once('close', (code) => {
    if (code === 0) duplex.push(null);
    else duplex.destroy(sshError(complaint.trim() || `ssh ended with code ${code}`));
  });
  return Object.assign(duplex, socketMethods);
}

const run = promisify(execFile);

/** The name or address that `ssh` connects to: in `~/.ssh/config` a host may have another name than on the network. */
export async function readSshHost(address: SshAddress): Promise<string> {
  const { user, port, host } = address;
  try {
    const { stdout } = await run('ssh', ['-G', ...loginOf(user, port), '--', host], { timeout: 5_000 });
    return /^hostname (.+)$/m.exec(stdout)?.[1] ?? host;
  } catch {
    // Without an answer the name stands for itself; that ssh fails, the connection tells better.
    return host;
  }
}

const loginOf = (user: string | null, port: number | null): string[] => [
  ...(user === null ? [] : ['-l', user]),
  ...(port === null ? [] : ['-p', String(port)]),
];

function sshArguments(address: SshAddress): string[] {
  const { user, port, host, path } = address;
  const remote = path === null ? ['docker'] : ['docker', '--host', `unix://${path}`];
  return [
    '-o',
    'BatchMode=yes',
    '-o',
    'ConnectTimeout=10',
    '-T',
    ...loginOf(user, port),
    '--',
    host,
    ...remote,
    'system',
    'dial-stdio',
  ];
}

const sshError = (message: string): Error => Object.assign(new Error(message), { code: 'ESSH' });

/** What node:http calls on a socket and a plain Duplex does not have. */
const socketMethods = {
  setKeepAlive: noop,
  setNoDelay: noop,
  setTimeout: noop,
  ref: noop,
  unref: noop,
};

function noop(this: Duplex): Duplex {
  return this;
}
