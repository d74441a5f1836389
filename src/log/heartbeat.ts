/** Signs of life outside the log: when the process was last alive, what it last saw of the engine, and on which boot. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { engineIdSchema } from '../events/ids.ts';

const heartbeatSchema = z.object({
  /** RFC 3339. */
  alive: z.string(),
  lastSeen: z
    .object({
      engine: engineIdSchema,
      timeNano: z.string().regex(/^\d+$/).transform(BigInt),
      /** Left out by versions that knew events only. */
      arrived: z.boolean().default(true),
    })
    .nullable(),
  /** Boot of the machine on which the table was last confirmed by the engine. */
  bootId: z.string().nullable(),
  /** Of the log's head; left out by versions that did not note it. */
  position: z.number().int().nonnegative().optional(),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;
/** What a start knows of the run before; `alive` is null where it does not know that. */
export type LastLife = Omit<Heartbeat, 'alive'> & { readonly alive: string | null };

const pathOf = (dataDir: string): string => join(dataDir, 'heartbeat');

/** Null on a first start, and if it cannot be understood: down time is then bounded by the log alone. */
export function readHeartbeat(dataDir: string): Heartbeat | null {
  try {
    return heartbeatSchema.parse(JSON.parse(readFileSync(pathOf(dataDir), 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * A log that was put back as it was before knows nothing of what was seen and served since: that must not pass for known.
 * @param head position of the log's last event
 */
export function heartbeatOf(heartbeat: Heartbeat | null, head: number): LastLife | null {
  if (heartbeat === null || (heartbeat.position ?? 0) <= head) return heartbeat;
  return { ...heartbeat, alive: null, lastSeen: null };
}

export interface Pulse {
  /** Writes one now: what it tells has changed. */
  beat(): void;
  /** Writes the last one. */
  stop(): void;
}

/** Beats once a second. A beat that cannot be written is left out: it bounds down time less exactly, no more. */
export function startHeartbeat(
  dataDir: string,
  read: () => Pick<Heartbeat, 'lastSeen' | 'bootId' | 'position'>,
  interval = 1_000,
): Pulse {
  const path = pathOf(dataDir);
  function beat(): void {
    const { lastSeen, bootId, position } = read();
    const seen = lastSeen === null ? null : { ...lastSeen, timeNano: lastSeen.timeNano.toString() };
    try {
      writeFileSync(
        `${path}.new`,
        JSON.stringify({ alive: new Date().toISOString(), lastSeen: seen, bootId, position }),
      );
      renameSync(`${path}.new`, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }
  beat();
  const timer = setInterval(beat, interval);
  timer.unref();
  return {
    beat,
    stop() {
      clearInterval(timer);
      beat();
    },
  };
}
