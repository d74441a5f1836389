/** Where the log is in the data folder. */
import { join } from 'node:path';

export const logPath = (dataDir: string): string => join(dataDir, 'portolan.db');
