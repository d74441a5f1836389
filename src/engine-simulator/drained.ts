/** Waits until a response takes more again. */
import type { ServerResponse } from 'node:http';

/** Resolves also when the client went away. */
export function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      res.off('drain', finish);
      res.off('close', finish);
      resolve();
    };
    res.on('drain', finish);
    res.on('close', finish);
    if (res.destroyed) finish();
  });
}
