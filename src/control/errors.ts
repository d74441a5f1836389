/** Why a command was not carried out, before the engine was asked. */
export class CommandConflict extends Error {
  override readonly name = 'CommandConflict';
  readonly code = 'idempotency-key-reused';
  readonly hint: string;
  /** HTTP status (draft-ietf-httpapi-idempotency-key-header: 422 for another payload). */
  readonly status = 422;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** One job of a kind at a time. */
export class JobRefused extends Error {
  override readonly name = 'JobRefused';
  readonly status = 409;
  readonly hint = 'wait for it, or cancel it (DELETE /replays/{id})';
}

/** A job could not be done, for a reason that is no defect: the log cannot be read. */
export class JobFailed extends Error {
  override readonly name = 'JobFailed';
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}
