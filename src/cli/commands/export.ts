/** `portolan export`: the log as NDJSON, gzipped by the file's name, while the service goes on. */
import { once } from 'node:events';
import { createWriteStream, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Command } from 'commander';
import type { ExportOptions, Transferred } from '../../log/export.ts';
import { offline } from '../context.ts';
import { CliFailure, exitCodes } from '../failure.ts';
import { interruptible } from '../interruption.ts';
import { requireLog } from '../log-folder.ts';
import { createProgress } from '../progress.ts';

interface Options {
  readonly force?: boolean;
}

export function exporting(program: Command): void {
  program
    .command('export')
    .description('write the log to a file (--data-dir)')
    .argument('[file]', 'gzipped if it ends in .gz; - for standard output', '-')
    .option('-f, --force', 'replace a file that exists')
    .action(async (file: string, { force }: Options, command: Command) => {
      const { output, options } = offline(command);
      if (file === '-') failWithReader(output.failure);
      else refusePlace(file, force === true);
      const progress = createProgress();
      await interruptible(async (signal) => {
        const { events, head } = await write(file, {
          dataDir: requireLog(options.dataDir),
          onProgress: (position, end) => progress.update(position / end, `position ${position} of ${end}`),
          signal,
        }).finally(progress.end);
        if (file === '-') return;
        if (output.json) output.answer({ file, events, head });
        else output.line(`${events} events in ${file}; head ${head.position}:${head.hash}`);
      });
    });
}

/** @throws {CliFailure} what is there may not be replaced, or there is no such folder */
function refusePlace(file: string, force: boolean): void {
  const is = statSync(file, { throwIfNoEntry: false });
  if (file === '' || is?.isDirectory()) throw new CliFailure(`"${file}" is no file name`, exitCodes.usage);
  if (is?.isFile() && !force)
    throw new CliFailure(`${file} exists`, exitCodes.usage, ['--force replaces it']);
  if (!existsSync(dirname(file)))
    throw new CliFailure(`there is no folder ${dirname(file)}`, exitCodes.notFound);
}

/** A part of an export is no backup: here a reader that leaves before the end is a failure. */
function failWithReader(tell: (failure: CliFailure) => void): void {
  process.stdout.prependListener('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') return;
    tell(new CliFailure('whoever reads the export left before it was whole', exitCodes.no));
    process.exit(exitCodes.no);
  });
}

/** Beside its place, then renamed once it is on the disk: what has the name is whole. A device or a pipe is written, never replaced. */
async function write(file: string, options: Omit<ExportOptions, 'out'>): Promise<Transferred> {
  const { exportLog } = await import('../../log/export.ts');
  if (file === '-') return exportLog({ ...options, out: process.stdout });
  if (existsSync(file) && !statSync(file).isFile())
    return exportLog({ ...options, out: createWriteStream(file) });
  const partial = `${file}.partial`;
  const written = createWriteStream(partial, { mode: 0o600, flush: true });
  try {
    // What fails before would remove it before it is made.
    await once(written, 'open');
    const gzip = file.endsWith('.gz') ? createGzip() : null;
    const [transferred] = await Promise.all([
      exportLog({ ...options, out: gzip ?? written }),
      gzip === null ? undefined : pipeline(gzip, written),
    ]);
    renameSync(partial, file);
    return transferred;
  } catch (error) {
    written.destroy();
    rmSync(partial, { force: true });
    throw error;
  }
}
