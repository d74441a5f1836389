/** A file system of its own that can break, as a disk does: from then on it is read-only (`errors=remount-ro`). */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

export interface FragileDisk {
  readonly folder: string;
  /** An error of the file system, as it finds on a damaged disk. */
  breakDown(): void;
  /** Checked and mounted again, writable. */
  repair(): void;
  remove(): void;
}

/** Null where loop devices, ext4 or the rights to mount are missing. */
export function createFragileDisk(): FragileDisk | null {
  const home = mkdtempSync(join(tmpdir(), 'portolan-disk-'));
  const image = join(home, 'image');
  const folder = join(home, 'mounted');
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const mount = (): string => run('mount', '-o', 'loop,errors=remount-ro', image, folder);
  try {
    run('mkdir', folder);
    run('truncate', '-s', '64M', image);
    run('mkfs.ext4', '-q', image);
    mount();
  } catch {
    rmSync(home, { recursive: true });
    return null;
  }
  return {
    folder,
    breakDown() {
      const device = basename(run('losetup', '-j', image).split(':')[0]!);
      writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, 'test');
    },
    repair() {
      for (let tries = 0; tries < 20; tries += 1) {
        run('umount', folder);
        // Exit code 1: errors were corrected.
        run('sh', '-c', 'fsck.ext4 -p "$0" || [ $? = 1 ]', image);
        mount();
        if (isWritable(folder)) return;
        // A container that starts just now has a copy of the mount for an instant, which keeps the broken one alive.
        run('sleep', '0.3');
      }
      throw new Error(`${folder} stays read-only`);
    },
    remove() {
      run('umount', '-l', folder);
      rmSync(home, { recursive: true });
    },
  };
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
