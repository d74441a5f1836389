/** Versions of the deciding code and of the fold. A change of either is visible in the log. */

/** Raise it when `decide` may decide differently on the same observations: every site is then decided again. */
export const deciderVersion = 4;

/** Raise it when `evolve` or the shape of the state changes: older snapshots are then not loaded. */
export const foldVersion = 9;

/** Milliseconds a stopped owner keeps its hosts. */
export const defaultClaimHold = 10_000;
