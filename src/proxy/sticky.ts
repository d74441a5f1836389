/** The cookie that binds a visitor to a target, where a label asks for it. */
import { createHash } from 'node:crypto';
import type { Target } from '../events/decisions.ts';
import type { TableRoute } from '../routing/table.ts';

/** One for each route: paths of one host may have different targets. */
const cookieName = (route: TableRoute): string => `portolan-${route.id.slice(0, 8)}`;

const values = new WeakMap<Target, string>();

/** Says nothing of the container, and outlives its restart. */
function tokenOf(target: Target): string {
  const found = values.get(target);
  if (found !== undefined) return found;
  const value = createHash('sha256').update(`sticky ${target.container}`).digest('hex').slice(0, 16);
  values.set(target, value);
  return value;
}

/** @param cookies the request's `Cookie` field */
export function boundTarget(
  route: TableRoute,
  targets: readonly Target[],
  cookies: string | undefined,
): Target | undefined {
  const value = valueIn(cookies, cookieName(route));
  return value === undefined ? undefined : targets.find((target) => tokenOf(target) === value);
}

/** @returns what the answer has to set; null if the visitor has it already, or the route is not sticky */
export function bindingCookie(
  route: TableRoute | null,
  target: Target | null,
  cookies: string | undefined,
): string | null {
  if (route?.traffic?.sticky !== true || target === null) return null;
  const name = cookieName(route);
  const value = tokenOf(target);
  return valueIn(cookies, name) === value ? null : `${name}=${value}; Path=/; HttpOnly; SameSite=Lax`;
}

function valueIn(cookies: string | undefined, name: string): string | undefined {
  for (const pair of cookies?.split(';') ?? []) {
    const at = pair.indexOf('=');
    if (at !== -1 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
