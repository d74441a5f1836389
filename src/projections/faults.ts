/** What is wrong with `projections.db` itself, as opposed to a projection. */

/** The file, not what is folded into it, is at fault. Nothing of the batch was written. */
export class ProjectionsFault extends Error {
  override readonly name = 'ProjectionsFault';
  /** `damaged`: throw it away and make it again. `unwritable`: try again later. */
  readonly code: 'damaged' | 'unwritable';
  readonly hint: string;
  constructor(message: string, code: ProjectionsFault['code']) {
    super(message);
    this.code = code;
    this.hint = code === 'damaged' ? 'it is made again from the log' : 'free space on its disk';
  }
}

const damaged = /^SQLITE_(CORRUPT|NOTADB|FORMAT)/;
const unwritable = /^SQLITE_(FULL|IOERR|READONLY|BUSY|LOCKED|CANTOPEN|NOMEM|PERM)/;

/** Null if the error is none of the file's. */
export function faultOf(error: unknown): ProjectionsFault | null {
  if (error instanceof ProjectionsFault) return error;
  const { code, message } = error as { code?: unknown; message?: string };
  if (typeof code !== 'string') return null;
  if (damaged.test(code)) return new ProjectionsFault(`projections.db is damaged: ${message}`, 'damaged');
  if (unwritable.test(code))
    return new ProjectionsFault(`projections.db cannot be written: ${message}`, 'unwritable');
  return null;
}
