/** Tells one boot of the machine from another: after a new one, container addresses may belong to others. */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

/** Linux's own id; elsewhere the minute of the boot, which a stepped clock can only make look like another boot. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return `boot-${Math.round((Date.now() / 1000 - uptime()) / 60)}`;
  }
}
