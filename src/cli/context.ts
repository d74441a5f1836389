/** What every command gets: the client and the output, made from the options that all commands share. */
import type { Command } from 'commander';
import { type Client, createClient, findToken } from './client.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { createOutput, type Output } from './output.ts';

export interface SharedOptions {
  readonly api: string;
  readonly dataDir: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

export interface Context {
  readonly output: Output;
  readonly options: SharedOptions;
}

export interface OnlineContext extends Context {
  readonly client: Client;
}

/** For commands that need no API. */
export function offline(command: Command): Context {
  const options = command.optsWithGlobals<SharedOptions>();
  return { options, output: createOutput({ json: options.json === true }) };
}

/** @throws {CliFailure} if `--api` is no address */
export function online(command: Command): OnlineContext {
  const context = offline(command);
  const { options } = context;
  const token = findToken({
    token: process.env['PORTOLAN_TOKEN'],
    file: options.tokenFile,
    dataDir: options.dataDir,
  });
  return {
    ...context,
    client: createClient({ api: parseApi(options.api), token, onStale: context.output.note }),
  };
}

function parseApi(text: string): string {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url !== null && /^https?:$/.test(url.protocol) && url.hostname !== '') return url.origin;
  throw new CliFailure(
    `--api is "${text}"; allowed: an address such as http://127.0.0.1:8080`,
    exitCodes.usage,
  );
}
