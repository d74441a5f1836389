/** The process: reads its settings, starts the app, tells where it is, and ends it on a signal. */
import { type App, startApp } from './app.ts';
import { type Config, ConfigError, readConfig, usage } from './config.ts';
import { bracketed } from './events/address.ts';
import type { Reach } from './events/decisions.ts';
import { keepHeapsSmall } from './observability/heap-settings.ts';
import { createLogger } from './observability/logger.ts';
import { collectStartGarbage } from './observability/start-garbage.ts';
import { readVersion } from './observability/version.ts';
import { PortUnavailable } from './port-unavailable.ts';

/** Exit codes: 1 it could not start, 2 a setting is wrong. */
const failed = 1;
const misused = 2;

/** @param reach the simulator's way to reach containers, for the demo */
export async function main(args: readonly string[], reach?: Reach): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${usage()}\n`);
    return;
  }
  let config: Config;
  try {
    config = readConfig(args, process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    end(error.message, misused);
    return;
  }
  await serve(config, reach);
}

async function serve(config: Config, reach?: Reach): Promise<void> {
  keepHeapsSmall();
  const logger = createLogger(config.logLevel, config.logFormat);
  const options = { version: readVersion(), logger, env: process.env, reach };
  let app: App;
  try {
    app = await startOrFallBack(config, options);
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    end(hint === undefined ? message : `${message}; ${hint}`, failed);
    return;
  }
  if (config.expose === 'labeled' && !config.exposeGiven) {
    logger.warn(
      'listening beyond loopback: only containers with portolan.enable=true are exposed (--expose)',
    );
  }
  logger.info({ proxy: app.addresses, api: app.api.url }, 'serving');
  announce(app);
  void collectStartGarbage();
  endOnSignals(app);
  app.handedOver.then(
    () => process.exit(0),
    (error: unknown) => end(`the hand-over failed (${(error as Error).message})`, failed),
  );
  // What log rotation sends; without a file to rotate it ends the process, as ever.
  if (config.accessLog !== null && config.accessLog !== '-') process.on('SIGHUP', app.reopenAccessLog);
}

/** Where it is; on a terminal with the link that signs a browser in, which must not end up in a log file. */
function announce(app: App): void {
  if (process.stdout.isTTY !== true) return;
  const proxies = app.addresses.map(({ address, port }) => `${bracketed(address)}:${port}`).join(', ');
  process.stdout.write(
    `\n  proxy  ${proxies}\n  API    ${app.api.url}\n  sign in (once)  ${app.api.signInUrl}\n\n`,
  );
}

/** Port 80 that is not permitted, and that nobody asked for, becomes 8000 on a terminal. */
async function startOrFallBack(config: Config, options: Parameters<typeof startApp>[1]): Promise<App> {
  try {
    return await startApp(config, options);
  } catch (error) {
    if (!isProxyNotPermitted(error) || config.httpPortGiven || process.stdout.isTTY !== true) throw error;
    options.logger.warn({ hint: error.hint }, 'port 80 is not permitted for this user; taking 8000');
    return startApp({ ...config, httpPort: 8000 }, options);
  }
}

/** The API's port, too, may not be permitted: another port of the proxy would not help then. */
const isProxyNotPermitted = (error: unknown): error is PortUnavailable =>
  error instanceof PortUnavailable && error.listener === 'http' && error.code === 'not-permitted';

function endOnSignals(app: App): void {
  let ending = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (ending) process.exit(failed);
    ending = true;
    app.stop(signal).then(
      () => process.exit(0),
      (error: unknown) => end(`the stop failed (${(error as Error).message})`, failed),
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

function end(message: string, code: number): void {
  process.stderr.write(`portolan: ${message}\n`);
  process.exit(code);
}
