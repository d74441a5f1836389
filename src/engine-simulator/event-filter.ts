/** Which events a subscriber wants: the `filters` of `GET /events`. */
import { type Filters, matchesPair, readFilters } from './filters.ts';
import type { EngineEvent } from './journal.ts';

const known = ['container', 'daemon', 'event', 'image', 'label', 'network', 'scope', 'type', 'volume'];

/** moby 20.10: daemon/events/filter.go. @throws {Refusal} */
export function readEventFilter(text: string | null): (event: EngineEvent) => boolean {
  const filters = readFilters(text, known);
  return (event) =>
    matchesAction(filters, event.action) &&
    filters.some('type', (type) => type === event.kind) &&
    filters.some('scope', (scope) => scope === 'local') &&
    filters.some('daemon', () => event.kind === 'daemon') &&
    filters.some('volume', () => false) &&
    matchesActor(filters, 'container', event) &&
    matchesActor(filters, 'network', event) &&
    matchesImage(filters, event) &&
    filters.every('label', (pair) => matchesPair(pair, event.attributes));
}

/** By prefix as soon as one of the actions that carry more after a colon is asked for. */
function matchesAction(filters: Filters, action: string): boolean {
  const wanted = filters.values('event');
  if (wanted === null) return true;
  const open = ['health_status', 'exec_create', 'exec_start'].some((one) => wanted.includes(one));
  return wanted.some((one) => (open ? action.startsWith(one) : action === one));
}

function matchesActor(filters: Filters, kind: EngineEvent['kind'], event: EngineEvent): boolean {
  return filters.some(
    kind,
    (wanted) =>
      event.kind === kind &&
      (event.actor.startsWith(wanted) || (event.attributes['name'] ?? '').startsWith(wanted)),
  );
}

function matchesImage(filters: Filters, { kind, actor, attributes }: EngineEvent): boolean {
  const name = (kind === 'image' ? attributes['name'] : attributes['image']) ?? '';
  return filters.some('image', (wanted) => [actor, name, name.split(':')[0]].includes(wanted));
}
