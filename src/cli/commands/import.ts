/** `portolan import`: a new log of an export, with the same hashes; into a folder that has none. */
import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Command } from 'commander';
import { offline } from '../context.ts';
import { CliFailure, exitCodes } from '../failure.ts';
import { interruptible } from '../interruption.ts';
import { createProgress } from '../progress.ts';

export function importing(program: Command): void {
  program
    .command('import')
    .description('make a new log of an export (--data-dir)')
    .argument('[file]', 'gunzipped if it ends in .gz; - for standard input', '-')
    .action(async (file: string, _: unknown, command: Command) => {
      const { output, options } = offline(command);
      const { importLog } = await import('../../log/import.ts');
      const { dataDir } = options;
      if (statSync(dataDir, { throwIfNoEntry: false })?.isDirectory() === false)
        throw new CliFailure(`${dataDir} is no folder`, exitCodes.usage, ['name another one: --data-dir']);
      const progress = createProgress();
      const input = await open(file);
      const onProgress = (position: number): void => progress.update(null, `${position} events`);
      await interruptible(async (signal) => {
        signal.addEventListener('abort', () => input.destroy(new Error('interrupted')));
        const { events, head } = await importLog({ dataDir, input, onProgress }).finally(progress.end);
        if (output.json) output.answer({ events, head });
        else output.line(`${events} events are the log of ${dataDir}; head ${head.position}:${head.hash}`);
      });
    });
}

/** @throws {CliFailure} there is no such file, or it cannot be read */
async function open(file: string): Promise<Readable> {
  if (file === '-') return process.stdin;
  const is = statSync(file, { throwIfNoEntry: false });
  if (is === undefined || is.isDirectory())
    throw new CliFailure(
      `"${file}" ${is === undefined ? 'is not there' : 'is a folder'}`,
      exitCodes.notFound,
    );
  const input = createReadStream(file);
  await new Promise<void>((resolve, reject) => {
    input.once('open', () => resolve());
    input.once('error', reject);
  });
  if (!file.endsWith('.gz')) return input;
  const gunzip = createGunzip();
  input.once('error', (error) => gunzip.destroy(error));
  return input.pipe(gunzip);
}
