/** Where the log is in the data folder. */
import { statSync } from 'node:fs';
import { join } from 'node:path';

export const logPath = (dataDir: string): string => join(dataDir, 'portolan.db');

/** Bytes; 0 where there is no such file. */
export const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
