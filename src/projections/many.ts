/** Writes many rows with few statements: the call costs as much as the row. */
import type { DatabaseFile } from '../db/open.ts';

/** Rows in one statement. Of 8, 16, 32 and 64 all cost about the same: a third to two thirds of rows one by one. */
const together = 16;

/**
 * @param insert the statement up to and without `VALUES`, e.g. `INSERT INTO names (id, name)`
 * @param width columns of a row
 */
export function createMany(
  db: DatabaseFile,
  insert: string,
  width: number,
): (rows: readonly (readonly unknown[])[]) => void {
  const row = `(${Array(width).fill('?').join(', ')})`;
  const one = db.prepare(`${insert} VALUES ${row}`);
  const many = db.prepare(`${insert} VALUES ${Array(together).fill(row).join(', ')}`);
  return (rows) => {
    const whole = rows.length - (rows.length % together);
    for (let at = 0; at < whole; at += together) many.run(rows.slice(at, at + together).flat());
    for (let at = whole; at < rows.length; at += 1) one.run(rows[at]);
  };
}
