/** A question that could not be answered. */

/** The reader thread failed; the question may be asked again. */
export class QueryFailed extends Error {
  override readonly name = 'QueryFailed';
  readonly code = 'query-failed';
  readonly hint = 'ask again; the service log says what happened';
}
