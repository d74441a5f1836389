/** Dockerode clients for one engine, with agents apart: events, reading, writing and people never wait for one another. */

import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { inspect } from 'node:util';
import type Docker from 'dockerode';
import { bracketed } from '../events/address.ts';
import type { EngineAddress } from './address.ts';
import { loadDockerode } from './dockerode.ts';
import { openSshConnection } from './ssh.ts';

export interface Connections {
  readonly address: EngineAddress;
  /** The event stream alone. */
  readonly events: Docker;
  /** Inspect and list for the watcher: kept alive, which saves the connect on each signal. */
  readonly reading: Docker;
  /** Commands: a fresh connection each, as a POST on a stale one could not be tried again. */
  readonly writing: Docker;
  /** Lists, logs and stats for people: kept alive, as a list asks for each container. */
  readonly people: Docker;
  /** Ends every connection, also those with calls under way. */
  close(): void;
}

/** Milliseconds until a connection must stand. */
const connectTimeout = 5_000;

export function createConnections(address: EngineAddress): Connections {
  const agents = {
    events: createAgent(address, { keepAlive: false }),
    reading: createAgent(address, { keepAlive: true, maxFreeSockets: 16 }),
    writing: createAgent(address, { keepAlive: false }),
    people: createAgent(address, { keepAlive: true, maxFreeSockets: 8 }),
  };
  return {
    address,
    events: createClient(address, agents.events),
    reading: createClient(address, agents.reading),
    writing: createClient(address, agents.writing),
    people: createClient(address, agents.people),
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** All fields are given: docker-modem takes what is missing from the environment. */
function createClient(address: EngineAddress, agent: http.Agent): Docker {
  const common = { agent, port: undefined, username: undefined, timeout: undefined, pathPrefix: '/' };
  const where =
    address.kind === 'tcp'
      ? {
          host: bracketed(address.host),
          port: address.port,
          protocol: address.tls === null ? ('http' as const) : ('https' as const),
        }
      : address.kind === 'unix'
        ? { host: undefined, socketPath: address.path, protocol: 'http' as const }
        : { host: 'docker.invalid', protocol: 'http' as const };
  const Client = loadDockerode();
  return new Client({
    ...common,
    ...where,
    ca: undefined,
    cert: undefined,
    key: undefined,
  } as Docker.DockerOptions);
}

function createAgent(address: EngineAddress, options: http.AgentOptions): http.Agent {
  const agent = newAgent(address, { ...options, scheduling: 'lifo' });
  reportCutBodies(agent);
  keepShort(agent);
  if (address.kind === 'ssh') agent.createConnection = () => openSshConnection(address);
  else limitConnecting(agent);
  return agent;
}

function newAgent(address: EngineAddress, options: http.AgentOptions): http.Agent {
  if (address.kind !== 'tcp' || address.tls === null) return new http.Agent(options);
  const { ca, cert, key, verify } = address.tls;
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  return new https.Agent({ ...options, ...files, rejectUnauthorized: verify });
}

/**
 * docker-modem writes out all that a request refers to, for a debug line that nobody reads: with the agent's sockets
 * and their buffers that took 6 ms a call, five times the call itself.
 */
function keepShort(agent: http.Agent): void {
  Object.assign(agent, { [inspect.custom]: () => 'Agent' });
}

/**
 * docker-modem listens for errors on the request only: without this, a call whose answer is cut in the middle of
 * the body would wait for ever.
 */
function reportCutBodies(agent: http.Agent): void {
  const queue = agent as unknown as { addRequest(request: http.ClientRequest, options: unknown): void };
  const addRequest = queue.addRequest;
  queue.addRequest = function (request, options) {
    request.once('response', (response) => response.once('error', (error) => request.emit('error', error)));
    addRequest.call(this, request, options);
  };
}

/** A host that drops packets would keep a command waiting for its whole deadline. */
function limitConnecting(agent: http.Agent): void {
  const createConnection = agent.createConnection;
  agent.createConnection = function (options, callback) {
    const socket = createConnection.call(this, options, callback) as Socket;
    const error = Object.assign(new Error('the connection did not stand in time'), { code: 'ETIMEDOUT' });
    const timer = setTimeout(() => socket.destroy(error), connectTimeout);
    socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
    // A peer that vanished without a word shows itself by this alone on an idle event stream.
    socket.setKeepAlive?.(true, 15_000);
    return socket;
  };
}
