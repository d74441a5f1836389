/** A container of a client by its id or name, which becomes part of a path of the engine's API. */
import type Docker from 'dockerode';
import { EngineError } from './engine.ts';

const allowed = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

/** @throws {EngineError} 400: it could reach into other paths */
export function containerOf(docker: Docker, id: string): Docker.Container {
  if (!allowed.test(id)) throw new EngineError('not an id or name of a container', 400);
  return docker.getContainer(id);
}
