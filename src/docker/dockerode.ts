/**
 * Dockerode without what it loads for image builds (gRPC) and for its own ssh: Portolan builds no images and brings its
 * own ssh, and the three packages cost 15 MB and 60 ms at each start.
 */
import { createRequire } from 'node:module';
import type Docker from 'dockerode';

const neverCalled = [
  { from: 'dockerode', name: '@grpc/grpc-js' },
  { from: 'dockerode', name: '@grpc/proto-loader' },
  { from: 'docker-modem', name: 'ssh2' },
];

/** @returns the class of dockerode's clients */
export function loadDockerode(): typeof Docker {
  const here = createRequire(import.meta.url);
  const ofDockerode = createRequire(here.resolve('dockerode'));
  for (const { from, name } of neverCalled) {
    const requiredBy = from === 'dockerode' ? ofDockerode : createRequire(ofDockerode.resolve(from));
    standIn(requiredBy, name);
  }
  return here('dockerode') as typeof Docker;
}

/** Puts an empty module in the cache under the name; one that is loaded already stays. */
function standIn(require: NodeJS.Require, name: string): void {
  const path = require.resolve(name);
  if (require.cache[path] !== undefined) return;
  const empty = { id: path, filename: path, path, loaded: true, exports: {}, children: [], paths: [] };
  require.cache[path] = empty as unknown as NodeJS.Module;
}
