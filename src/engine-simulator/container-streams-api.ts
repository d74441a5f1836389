/** Logs, stats and processes of containers. */
import { instant } from './clock.ts';
import { type Container, isRunning } from './container.ts';
import type { Engine } from './engine.ts';
import { type Call, isSet, ok, Refusal, type Router } from './http.ts';
import type { OutputLine } from './output.ts';
import { statsOf } from './stats.ts';

export function serveContainerStreams(router: Router, engine: Engine): void {
  const { containers, clock, timings } = engine;
  const of = ({ params }: Call): Container => containers.get(params['id']!);
  router.on('GET', '/containers/:id/logs', (call) => {
    serveLogs(of(call), call);
    return undefined;
  });
  router.on('GET', '/containers/:id/stats', (call) => {
    const container = of(call);
    const { res, query } = call;
    const write = (): void => void res.write(`${JSON.stringify(statsOf(container, clock.now()))}\n`);
    res.writeHead(200, { 'Content-Type': 'application/json' });
    write();
    if (['0', 'false'].includes(query.get('stream') ?? '')) {
      res.end();
      return undefined;
    }
    const timer = setInterval(write, timings.stats);
    void containers.removed(container).then(() => res.end());
    res.on('close', () => clearInterval(timer));
    return undefined;
  });
  router.on('GET', '/containers/:id/top', (call) => {
    const container = of(call);
    if (!isRunning(container)) throw new Refusal(409, `Container ${container.id} is not running`);
    const { entrypoint, cmd } = container.config;
    const row = ['root', String(container.process?.pid ?? 0), [...entrypoint, ...cmd].join(' ')];
    return ok({ Titles: ['UID', 'PID', 'CMD'], Processes: [row] });
  });
}

/** `stdout`, `stderr`, `follow`, `tail`, `since`, `until`, `timestamps` as the API has them. */
function serveLogs(container: Container, call: Call): void {
  const { res, query } = call;
  const wanted = { stdout: isSet(call, 'stdout'), stderr: isSet(call, 'stderr') };
  if (!wanted.stdout && !wanted.stderr) {
    throw new Refusal(400, 'Bad parameters: you must choose at least one stream');
  }
  const since = nanoseconds(query.get('since'));
  const until = nanoseconds(query.get('until')) || null;
  const passes = ({ stream, at }: OutputLine): boolean =>
    wanted[stream] && at >= since && (until === null || at <= until);
  const past = container.output.lines().filter(passes);
  const tail = Number(query.get('tail') || 'NaN');
  const shown = Number.isInteger(tail) && tail >= 0 ? past.slice(Math.max(0, past.length - tail)) : past;
  const write = (line: OutputLine): void => {
    const text = `${isSet(call, 'timestamps') ? `${instant(line.at)} ` : ''}${line.text}\n`;
    res.write(container.config.tty ? text : frame(line.stream, text));
  };
  res.writeHead(200, { 'Content-Type': 'application/vnd.docker.raw-stream' });
  res.flushHeaders();
  for (const line of shown) write(line);
  if (!isSet(call, 'follow') || !isRunning(container)) {
    res.end();
    return;
  }
  const unfollow = container.output.follow({
    onLine: (line) => {
      if (passes(line)) write(line);
    },
    onEnd: () => res.end(),
  });
  res.on('close', unfollow);
}

/** One frame of a multiplexed stream: which one, three zeros, the length, the payload. */
export function frame(stream: OutputLine['stream'], text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.alloc(8);
  head[0] = stream === 'stdout' ? 1 : 2;
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, payload]);
}

/** Seconds with up to nine decimals; 0 if there are none. */
function nanoseconds(text: string | null): bigint {
  const parts = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text ?? '');
  return parts === null ? 0n : BigInt(parts[1]!) * 1_000_000_000n + BigInt((parts[2] ?? '').padEnd(9, '0'));
}
