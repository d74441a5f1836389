/** Closings act at once: a host's entry as it was, less the targets that are gone. */
import { type HostEntry, type TableRoute, targetKey } from '../routing/table.ts';

/** @returns what may be served before the change is on disk; null if nothing was taken away */
export function withdrawn(before: HostEntry, after: HostEntry): HostEntry | null {
  let taken = false;
  const routes = before.routes.map((route): TableRoute => {
    const twin = after.routes.find((one) => one.id === route.id);
    const left = new Set((twin?.targets ?? []).map(targetKey));
    const targets = route.targets.filter((target) => left.has(targetKey(target)));
    if (targets.length === route.targets.length) return route;
    taken = true;
    return { ...route, targets, sentence: targets.length > 0 ? '' : (twin?.sentence ?? after.sentence) };
  });
  if (!taken) return null;
  const served = routes.some((route) => route.targets.length > 0);
  return { host: before.host, routes, sentence: served ? '' : after.sentence };
}
