/**
 * Which targets are in order: failures in a row take one out for a growing time, and a probe brings it back; those with
 * a health path are asked regularly. Each worker judges for itself.
 */
import type { Target, Traffic } from '../events/decisions.ts';
import { type HostEntry, targetKey } from '../routing/table.ts';
import { check, probe } from './health-check.ts';

export interface Health {
  /** The targets without those that are out; all of them if each is. */
  inOrder(targets: readonly Target[]): readonly Target[];
  /** No connection, or no usable answer. */
  failed(target: Target): void;
  /** It answered, whatever it said. */
  answered(target: Target): void;
  /** A host's entry was replaced; either may be missing. */
  changed(before: HostEntry | undefined, after: HostEntry | undefined): void;
  close(): void;
}

export interface HealthDeps {
  /** Milliseconds after its start in which a target may fail. */
  readonly startGrace: number;
  readonly now: () => number;
  /** Who is out, in words; null once nobody is. */
  readonly onChange: (problem: string | null) => void;
}

/** Failures in a row that take a target out. */
const threshold = 3;
/** Milliseconds until the first probe; each failure after it doubles them, up to the most. */
const firstPause = 1_000;
const longestPause = 30_000;

type Checks = NonNullable<Traffic['health']>;

/** A target of the table. */
interface Condition {
  readonly target: Target;
  /** How often the table holds it: a container may answer to several hosts. */
  held: number;
  /** In a row, of requests. */
  failures: number;
  out: boolean;
  pause: number;
  probing: NodeJS.Timeout | null;
  checks: Checks | null;
  /** In a row, of checks. */
  badChecks: number;
  checking: NodeJS.Timeout | null;
}

const isOut = ({ out, checks, badChecks }: Condition): boolean =>
  out || (checks !== null && badChecks >= checks.threshold);

export function createHealth({ startGrace, now, onChange }: HealthDeps): Health {
  const conditions = new Map<string, Condition>();
  /** Those with anything against them; mostly none. */
  const suspects = new Map<string, Condition>();
  let told: string | null = null;

  function judge(key: string, condition: Condition): void {
    if (condition.failures > 0 || condition.pause > 0 || isOut(condition)) suspects.set(key, condition);
    else suspects.delete(key);
    tell();
  }

  function tell(): void {
    const out = [...suspects.values()]
      .filter(isOut)
      .map(({ target }) => `${target.name} (port ${target.port})`);
    const problem =
      out.length === 0
        ? null
        : `out of the rotation, as they do not answer well: ${[...new Set(out)].sort().join(', ')}`;
    if (problem === told) return;
    told = problem;
    onChange(problem);
  }

  /** One that has come back is out again at its next failure, and for longer. */
  function takeOut(key: string, condition: Condition): void {
    condition.out = true;
    condition.pause = Math.min(condition.pause === 0 ? firstPause : condition.pause * 2, longestPause);
    condition.probing = setTimeout(() => void probeAgain(key, condition), condition.pause).unref();
    judge(key, condition);
  }

  async function probeAgain(key: string, condition: Condition): Promise<void> {
    const well = await probe(condition.target);
    if (conditions.get(key) !== condition || !condition.out) return;
    if (!well) {
      takeOut(key, condition);
      return;
    }
    condition.out = false;
    condition.failures = threshold - 1;
    judge(key, condition);
  }

  function startChecks(key: string, host: string, condition: Condition, checks: Checks): void {
    condition.checks = checks;
    const next = (milliseconds: number): void => {
      condition.checking = setTimeout(() => void ask(), milliseconds).unref();
    };
    const ask = async (): Promise<void> => {
      const well = await check(condition.target, host, checks);
      if (conditions.get(key) !== condition || condition.checks !== checks) return;
      condition.badChecks = well ? 0 : condition.badChecks + 1;
      judge(key, condition);
      next(checks.interval);
    };
    // Workers and targets do not ask all at once.
    next(Math.random() * Math.min(checks.interval, 500));
  }

  function stopChecks(condition: Condition): void {
    if (condition.checking !== null) clearTimeout(condition.checking);
    condition.checks = null;
    condition.badChecks = 0;
  }

  function add(target: Target, host: string, checks: Checks | null): void {
    const key = targetKey(target);
    let condition = conditions.get(key);
    if (condition === undefined) {
      condition = conditionOf(target);
      conditions.set(key, condition);
    }
    condition.held += 1;
    if (JSON.stringify(condition.checks) === JSON.stringify(checks)) return;
    stopChecks(condition);
    if (checks !== null) startChecks(key, host, condition, checks);
    judge(key, condition);
  }

  function remove(target: Target): void {
    const key = targetKey(target);
    const condition = conditions.get(key);
    if (condition === undefined) return;
    condition.held -= 1;
    if (condition.held > 0) return;
    conditions.delete(key);
    suspects.delete(key);
    stopChecks(condition);
    if (condition.probing !== null) clearTimeout(condition.probing);
    tell();
  }

  return {
    inOrder(targets) {
      if (suspects.size === 0) return targets;
      const well = targets.filter((target) => {
        const condition = suspects.get(targetKey(target));
        return condition === undefined || !isOut(condition);
      });
      return well.length === 0 ? targets : well;
    },
    failed(target) {
      const key = targetKey(target);
      const condition = conditions.get(key);
      if (condition === undefined || condition.out) return;
      // Its own start is no illness.
      if (now() - Date.parse(target.startedAt) < startGrace) return;
      condition.failures += 1;
      if (condition.failures >= threshold) takeOut(key, condition);
      else judge(key, condition);
    },
    answered(target) {
      if (suspects.size === 0) return;
      const key = targetKey(target);
      const condition = suspects.get(key);
      // What was asked before it was taken out says nothing.
      if (condition === undefined || condition.out) return;
      condition.failures = 0;
      condition.pause = 0;
      judge(key, condition);
    },
    changed(before, after) {
      for (const { targets, traffic } of after?.routes ?? [])
        for (const target of targets) add(target, after!.host, traffic?.health ?? null);
      for (const { targets } of before?.routes ?? []) for (const target of targets) remove(target);
    },
    close() {
      for (const condition of conditions.values()) {
        stopChecks(condition);
        if (condition.probing !== null) clearTimeout(condition.probing);
      }
      conditions.clear();
      suspects.clear();
    },
  };
}

const conditionOf = (target: Target): Condition => ({
  target,
  held: 0,
  failures: 0,
  out: false,
  pause: 0,
  probing: null,
  checks: null,
  badChecks: 0,
  checking: null,
});
