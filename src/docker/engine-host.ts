/** The address of the engine's host, for ports that it publishes. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { EngineAddress } from './address.ts';
import { EngineError } from './engine.ts';
import { readSshHost } from './ssh.ts';

/** A literal without brackets, as a target's address must be. @throws {EngineError} 503 if the name does not resolve */
export async function locateEngineHost(address: EngineAddress): Promise<string> {
  if (address.kind === 'unix') return '127.0.0.1';
  const host = address.kind === 'ssh' ? await readSshHost(address) : address.host;
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch {
    throw new EngineError(`the host name ${host} does not resolve`, 503, 'check DOCKER_HOST and DNS');
  }
}
