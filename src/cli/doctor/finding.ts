/** What a check of `portolan doctor` found, and how to mend it. */

export interface Finding {
  readonly check: string;
  /** `note`: it works, but not for everybody or not always. `skipped`: there is nothing to check. */
  readonly state: 'ok' | 'note' | 'problem' | 'skipped';
  /** One sentence. */
  readonly says: string;
  /** What to do, one line each. */
  readonly mend: readonly string[];
}

export const found =
  (check: string) =>
  (state: Finding['state'], says: string, mend: readonly string[] = []): Finding => ({
    check,
    state,
    says,
    mend,
  });
