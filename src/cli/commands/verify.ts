/** `portolan verify`: the log's chain from end to end, beside a running service or without one. Exit code 1 if it is broken. */
import { type Command, InvalidArgumentError } from 'commander';
import type { ExpectedHead } from '../../log/verify.ts';
import { offline } from '../context.ts';
import { exitCodes } from '../failure.ts';
import { requireLog } from '../log-folder.ts';
import { createProgress } from '../progress.ts';

interface Options {
  readonly expectHead?: ExpectedHead;
}

export function verify(program: Command): void {
  program
    .command('verify')
    .description('check the log, from end to end (--data-dir)')
    .option(
      '--expect-head <position:hash>',
      'a head that was noted elsewhere: only it shows a rewrite',
      headOf,
    )
    .action(async ({ expectHead }: Options, command: Command) => {
      const { output, options } = offline(command);
      const { verifyLog } = await import('../../log/verify-log.ts');
      const dataDir = requireLog(options.dataDir);
      const progress = createProgress();
      const result = await verifyLog({
        dataDir,
        expectHead,
        onProgress: (position, head) => progress.update(position / head, `position ${position} of ${head}`),
      }).finally(progress.end);
      const { valid, checkedTo, firstBad } = result;
      if (!valid) process.exitCode = exitCodes.no;
      if (output.json) return output.answer(firstBad === null ? { valid, checkedTo } : result);
      if (firstBad !== null) {
        output.line(
          `${output.paint('red', 'The log is broken')} at position ${firstBad.position}: ${firstBad.reason}.`,
        );
        return;
      }
      output.line(`${output.paint('green', 'The chain holds')} up to position ${checkedTo}.`);
      if (expectHead === undefined) output.line(`Note its head elsewhere: ${await headText(dataDir)}`);
    });
}

async function headText(dataDir: string): Promise<string> {
  const { createLogReader } = await import('../../log/read.ts');
  const reader = createLogReader(dataDir);
  try {
    const { position, hash } = reader.head();
    return `${position}:${hash}`;
  } finally {
    reader.close();
  }
}

function headOf(text: string): ExpectedHead {
  const [, position, hash] = /^(\d{1,15}):([0-9a-f]{64})$/i.exec(text) ?? [];
  if (hash === undefined) throw new InvalidArgumentError('Allowed: POSITION:HASH, with 64 hex digits.');
  return { position: Number(position), hash: hash.toLowerCase() };
}
