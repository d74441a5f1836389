/** Commands inside of containers, and attaching to what a container writes. Commands do nothing but make their events. */
import { type Container, isRunning } from './container.ts';
import type { ContainerEvents } from './container-events.ts';
import { frame } from './container-streams-api.ts';
import type { Engine } from './engine.ts';
import { type Call, ok, Refusal, type Router } from './http.ts';
import type { OutputLine } from './output.ts';
import type { Random } from './random.ts';

interface Exec {
  readonly id: string;
  readonly container: Container;
  readonly command: readonly string[];
  readonly tty: boolean;
  status: 'created' | 'ended';
}

/** Commands that are remembered. */
const most = 1_000;

export function serveExec(router: Router, engine: Engine, events: ContainerEvents, random: Random): void {
  const { containers } = engine;
  const execs = new Map<string, Exec>();
  const get = ({ params }: Call): Exec => {
    const exec = execs.get(params['id']!);
    if (exec === undefined) throw new Refusal(404, `No such exec instance: ${params['id']}`);
    return exec;
  };
  router.on('POST', '/containers/:id/exec', ({ params, body }) => {
    const container = containers.get(params['id']!);
    if (!isRunning(container)) throw new Refusal(409, `Container ${container.id} is not running`);
    if (container.status === 'paused') {
      throw new Refusal(409, `Container ${params['id']} is paused, unpause the container before exec`);
    }
    const { Cmd: command, Tty: tty } = body() as { Cmd?: string[]; Tty?: boolean };
    if (command === undefined || command.length === 0) throw new Refusal(400, 'No exec command specified');
    const exec: Exec = { id: random.hex(32), container, command, tty: tty ?? false, status: 'created' };
    execs.set(exec.id, exec);
    if (execs.size > most) execs.delete(execs.keys().next().value!);
    events.say(container, `exec_create: ${command.join(' ')}`, { execID: exec.id });
    return { status: 201, body: { Id: exec.id } };
  });
  router.on('POST', '/exec/:id/start', (call) => {
    const exec = get(call);
    const { Detach: detach } = call.body() as { Detach?: boolean };
    const { container, command, id } = exec;
    events.say(container, `exec_start: ${command.join(' ')}`, { execID: id });
    exec.status = 'ended';
    if (detach !== true) {
      const stream = openStream(call, exec.tty);
      stream.write({ stream: 'stdout', text: `simulated: ${command.join(' ')}` });
      stream.end();
    }
    events.say(container, 'exec_die', { execID: id, exitCode: '0' });
    return detach === true ? { status: 200 } : undefined;
  });
  router.on('GET', '/exec/:id/json', (call) => {
    const { id, container, command, status } = get(call);
    const [entrypoint, ...rest] = command;
    const ProcessConfig = { entrypoint, arguments: rest, tty: false, privileged: false };
    const ExitCode = status === 'ended' ? 0 : null;
    return ok({ ID: id, ContainerID: container.id, Running: false, ExitCode, ProcessConfig });
  });
  router.on('POST', '/exec/:id/resize', () => ({ status: 200 }));
  router.on('POST', '/containers/:id/resize', () => ({ status: 200 }));
  router.on('POST', '/containers/:id/attach', (call) => {
    const container = containers.get(call.params['id']!);
    const stream = openStream(call, container.config.tty);
    if (call.query.get('logs') === '1') for (const line of container.output.lines()) stream.write(line);
    const unfollow = container.output.follow({ onLine: stream.write, onEnd: stream.end });
    call.req.socket.on('close', unfollow);
    return undefined;
  });
}

interface AttachedStream {
  readonly write: (line: Pick<OutputLine, 'stream' | 'text'>) => void;
  readonly end: () => void;
}

/** The connection itself after a 101 to who asked for it, else the body of a 200. What comes in is not read. */
function openStream({ req, res }: Call, tty: boolean): AttachedStream {
  const type = 'application/vnd.docker.raw-stream';
  const hijacked = req.headers.upgrade === 'tcp';
  const sink = hijacked ? req.socket : res;
  if (hijacked) {
    // A client with nothing to send half-closes; Node's HTTP server would end the connection for that.
    req.socket.removeAllListeners('end');
    req.socket.write(
      `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${type}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
    );
  } else res.writeHead(200, { 'Content-Type': type }).flushHeaders();
  return {
    write: ({ stream, text }) =>
      void (sink.writable && sink.write(tty ? `${text}\n` : frame(stream, `${text}\n`))),
    end: () => void sink.end(),
  };
}
