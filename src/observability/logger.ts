/** The process's own log on stdout: JSON lines, or readable ones on a terminal; never blocking, never in the way. */
import pino, { type LogFn, type Logger, type LoggerOptions } from 'pino';

export type { Logger } from 'pino';

/** @param format null: pretty on a terminal, else JSON */
export function createLogger(level: string, format: 'pretty' | 'json' | null): Logger {
  const pretty = format === 'pretty' || (format === null && process.stdout.isTTY === true);
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    hooks: { logMethod: harmless },
  };
  if (!pretty) return pino(options, nonBlocking());
  return pino({
    ...options,
    transport: {
      target: 'pino-pretty',
      options: { ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' },
    },
  });
}

/** A reader that does not read (`npm start | sleep 1000`) holds nothing up: past 1 MiB waiting, lines are dropped. */
function nonBlocking() {
  const destination = pino.destination({ dest: 1, sync: false, minLength: 0, maxLength: 1024 * 1024 });
  // A closed pipe ends the log, not the service.
  destination.on('error', () => undefined);
  return destination;
}

/** Messages name labels, which hold what a container's author likes: none steers the terminal, or looks like another line. */
function harmless(this: Logger, args: Parameters<LogFn>, method: LogFn): void {
  const plain = args.map((arg: unknown) =>
    typeof arg === 'string' ? arg.replace(/[\x00-\x1f\x7f-\x9f]/g, '\u{fffd}') : arg,
  );
  method.apply(this, plain as Parameters<LogFn>);
}
