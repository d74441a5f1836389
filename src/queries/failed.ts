/** A question that could not be answered, and may be asked again. */
export class QueryFailed extends Error {
  override readonly name = 'QueryFailed';
  readonly code = 'query-failed';
  readonly hint: string;
  constructor(message: string, hint = 'ask again; the service log says what happened') {
    super(message);
    this.hint = hint;
  }
}
