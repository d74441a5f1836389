/** The part of the fold that is about refusals: which of them still stand. */
import type { FoldedEvent } from '../events/event.ts';
import type { Refusal } from './intent.ts';
import { type Site, siteOf } from './route.ts';
import {
  type Container,
  type ContainerKey,
  containerKey,
  type RecordedRefusal,
  type State,
} from './state.ts';

export function refuse(state: State, event: FoldedEvent & { type: 'RouteRefused' }): void {
  if (event.engineId === null) return;
  const { container, match, reason, detail, holder } = event.data;
  const key = containerKey(event.engineId, container);
  const refusal: RecordedRefusal = {
    match,
    reason,
    detail,
    ...(holder === undefined ? {} : { holder }),
    position: event.position,
    since: event.recordedAt,
  };
  const others = (state.refusals.get(key) ?? []).filter((known) => !sameSubject(known, refusal));
  state.refusals.set(key, [...others, refusal]);
}

/** A container that is routed at a site is no longer refused there. */
export function forgetRefusalsAt(state: State, key: ContainerKey, site: Site): void {
  const refusals = state.refusals.get(key);
  if (refusals === undefined) return;
  const left = refusals.filter((refusal) => refusal.match === null || siteOf(refusal.match) !== site);
  if (left.length === 0) state.refusals.delete(key);
  else state.refusals.set(key, left);
}

/** Keeps of the recorded refusals those that still stand: asked for again, or refused again. */
export function dropStaleRefusals(state: State, container: Container, wanted: ReadonlySet<Site>): void {
  const recorded = state.refusals.get(container.key);
  if (recorded === undefined) return;
  const { refusals } = container.intent;
  const stands = (refusal: RecordedRefusal): boolean =>
    (refusal.match !== null && wanted.has(siteOf(refusal.match))) ||
    refusals.some((now) => sameSubject(now, refusal) && now.reason === refusal.reason);
  const left = recorded.filter(stands);
  if (left.length === 0) state.refusals.delete(container.key);
  else state.refusals.set(container.key, left);
}

/** Two refusals about the same site, or two of the same kind about the container as a whole. */
const sameSubject = (one: Refusal, other: Refusal): boolean =>
  one.match === null || other.match === null
    ? one.match === other.match
    : siteOf(one.match) === siteOf(other.match);
