/** `portolan doctor`: what Portolan needs of this machine, what is missing, and how to mend it. Exit code 1 on a problem. */
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../../config.ts';
import { type Context, offline } from '../context.ts';
import type { Finding } from '../doctor/finding.ts';
import { CliFailure, exitCodes } from '../failure.ts';
import { harmless } from '../output.ts';
import { createProgress } from '../progress.ts';

/** The settings that matter here; names and values as `serve` takes them. */
const flags = [
  ['docker-host', 'the engine'],
  ['http-port', "the proxy's port"],
  ['http-host', "the proxy's addresses"],
  ['api-port', "the API's port"],
  ['api-host', "the API's address"],
  ['domain', 'of the hosts'],
  ['reach', 'how containers are reached'],
] as const;

const marks = {
  ok: ['green', '✓'],
  note: ['yellow', '!'],
  problem: ['red', '✗'],
  skipped: ['dim', '-'],
} as const;

export function doctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('what Portolan needs of this machine, and how to mend what is missing')
    .action(async (options: Readonly<Record<string, string>>, self: Command) => {
      const context = offline(self);
      const findings: Finding[] = [];
      for await (const finding of examine(await settingsOf(context, options))) {
        findings.push(finding);
        if (!context.output.json) print(context, finding);
      }
      if (context.output.json) context.output.answer({ items: findings });
      if (findings.some(({ state }) => state === 'problem')) process.exitCode = exitCodes.no;
    });
  for (const [name, about] of flags) command.option(`--${name} <value>`, `${about}, as for serve`);
}

/** From flags and environment, as the service reads them. */
async function settingsOf(
  { options: { dataDir } }: Context,
  options: Readonly<Record<string, string>>,
): Promise<Config> {
  const { ConfigError, readConfig } = await import('../../config.ts');
  const args = flags.flatMap(([name]) => {
    const value = options[name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())];
    return value === undefined ? [] : [`--${name}`, value];
  });
  try {
    return readConfig([...args, '--data-dir', dataDir], process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CliFailure(error.message, exitCodes.usage);
  }
}

/** Loaded when they are wanted: they bring the engine's client and SQLite with them. */
async function* examine(config: Config): AsyncGenerator<Finding> {
  const { checkPort } = await import('../doctor/port.ts');
  const { checkNames } = await import('../doctor/names.ts');
  const { checkLog } = await import('../doctor/log.ts');
  const { checkToken } = await import('../doctor/token.ts');
  const { checkHandOver } = await import('../doctor/hand-over.ts');
  yield* examineEngine(config);
  const { httpHosts, httpPort, apiHost, apiPort, dataDir } = config;
  yield await checkPort({ check: 'port', flag: '--http-port', hosts: httpHosts, port: httpPort, dataDir });
  yield await checkPort({ check: 'API port', flag: '--api-port', hosts: [apiHost], port: apiPort, dataDir });
  yield await checkNames(config.domain);
  const progress = createProgress();
  yield await checkLog(dataDir, (position, head) =>
    progress.update(position / head, `log: position ${position} of ${head}`),
  ).finally(progress.end);
  if (process.env['PORTOLAN_TOKEN'] === undefined)
    yield checkToken(config.tokenFile ?? join(dataDir, 'token'));
  yield checkHandOver();
}

async function* examineEngine({ dockerHost, reach }: Config): AsyncGenerator<Finding> {
  const { parseEngineAddress } = await import('../../docker/address.ts');
  const { createConnections } = await import('../../docker/connection.ts');
  const { checkEngine } = await import('../doctor/engine.ts');
  const { checkNetworks } = await import('../doctor/networks.ts');
  const connections = createConnections(parseEngineAddress(dockerHost, process.env));
  try {
    const { findings, info } = await checkEngine(connections);
    yield* findings;
    if (info !== null) yield await checkNetworks(connections, info, reach);
  } finally {
    connections.close();
  }
}

function print({ output }: Context, { state, check, says, mend }: Finding): void {
  const [style, mark] = marks[state];
  output.line(`${output.paint(style, mark)} ${check.padEnd(9)}  ${harmless(says)}`);
  for (const line of mend) output.line(`             ${harmless(line)}`);
}
