/** What one container wants routed under a policy: its owner, its claims on sites, and what is refused outright. */
import type { CloseReason, Policy, RefusalReason, RouteMatch, Target, Traffic } from '../events/decisions.ts';
import type { ContainerId, Host } from '../events/ids.ts';
import type { ContainerObservation, ContainerSpec } from '../events/observations.ts';
import { reach } from './address.ts';
import { hostLabels } from './host.ts';
import { parseLabels, type RouteRequest, type Settings } from './labels.ts';
import { type Site, siteOf } from './route.ts';
import { serviceOf } from './service.ts';

/** A wish for one site. It stands while the container is down, too; then it has no target. */
export interface Claim {
  readonly site: Site;
  readonly match: RouteMatch;
  readonly target: Target | null;
  /** Why there is no target now; null if there is one. */
  readonly waiting: CloseReason | null;
}

export interface Refusal {
  readonly match: RouteMatch | null;
  readonly reason: RefusalReason;
  readonly detail: string;
  readonly holder?: string | undefined;
}

export interface Intent {
  readonly owner: string;
  readonly claims: readonly Claim[];
  readonly refusals: readonly Refusal[];
  readonly warnings: readonly string[];
  /** What its labels say of its routes' traffic. */
  readonly traffic?: Traffic | undefined;
}

/** Finds the container whose network namespace another one shares. */
export type FindContainer = (id: ContainerId) => ContainerObservation | undefined;

export function intentOf(container: ContainerObservation, policy: Policy, find: FindContainer): Intent {
  const settings = settingsOf(container);
  const owner = ownerOf(container, settings);
  const outright = refuseOutright(container, settings, policy);
  if (outright !== null) return { owner, claims: [], refusals: [outright], warnings: settings.warnings };
  const claims = new Map<Site, Claim>();
  const refusals: Refusal[] = [];
  for (const request of requestsOf(container, settings, policy)) {
    claimRequest(container, request, settings, policy, find, claims, refusals);
  }
  const traffic = settings.traffic ?? undefined;
  return { owner, claims: [...claims.values()], refusals, warnings: settings.warnings, traffic };
}

/** What hosts follow from: the same of a container that nobody has looked at yet. */
export type Named = Pick<ContainerObservation, 'container' | 'name'> & {
  readonly spec: Pick<ContainerSpec, 'labels'>;
};

/** Hosts that a container asks for, whether or not it has a port that could be routed. */
export function hostsAskedBy(container: Named, policy: Policy): Host[] {
  const settings = settingsOf(container);
  if (refuseOutright(container, settings, policy) !== null) return [];
  const matches = requestsOf(container, settings, policy).flatMap(({ hosts, path }) =>
    hosts.map((host) => ({ host, path })),
  );
  return [...new Set(matches.filter((match) => forbid(match, policy) === null).map(({ host }) => host))];
}

/** A shared `portolan.service`, the compose project and service, the service of a Swarm, else the container's name. */
function ownerOf(container: ContainerObservation, settings = settingsOf(container)): string {
  if (settings.service !== null) return `service:${settings.service}`;
  return serviceOf(container)?.owner ?? container.name;
}

/** Whether it holds its claims by being there: a stopped one keeps them for a while only. */
export const isAlive = (container: ContainerObservation): boolean =>
  container.status === 'running' || container.status === 'paused' || container.status === 'restarting';

const parsed = new WeakMap<object, Settings>();

/** Specs are shared between observations, so their labels are parsed once. */
function settingsOf(container: Named): Settings {
  const found = parsed.get(container.spec);
  if (found !== undefined) return found;
  const settings = parseLabels(container.spec.labels);
  parsed.set(container.spec, settings);
  return settings;
}

function refuseOutright(container: Named, settings: Settings, policy: Policy): Refusal | null {
  const refuse = (reason: RefusalReason, detail: string): Refusal => ({ match: null, reason, detail });
  if (container.container === policy.ownContainer) {
    return refuse('own-container', 'it is Portolan itself, which routes others and never itself');
  }
  if (settings.enable === false) {
    return refuse('disabled', 'its label portolan.enable is false; remove the label to have it routed');
  }
  if (policy.expose === 'labeled' && settings.enable !== true) {
    return refuse(
      'not-enabled',
      'only labelled containers are exposed; give it the label portolan.enable=true',
    );
  }
  const first = settings.errors[0];
  return first === undefined ? null : refuse('invalid-label', first);
}

/** The plain labels first, then the groups; a request without hosts is for the default ones. */
function requestsOf(container: Named, settings: Settings, policy: Policy): RouteRequest[] {
  const defaults = defaultHosts(container, policy);
  const { plain } = settings;
  const named = plain.hosts.length > 0;
  return [
    { hosts: defaults, path: named ? '/' : plain.path, port: plain.port },
    ...(named ? [plain] : []),
    ...settings.groups.map((group) => ({
      hosts: group.hosts.length > 0 ? group.hosts : defaults,
      path: group.path,
      port: group.port ?? plain.port,
    })),
  ];
}

function defaultHosts(container: Named, policy: Policy): Host[] {
  const names = [...hostLabels(container.name), ...(serviceOf(container)?.names ?? [])];
  return [...new Set(names)].map((name) => `${name}.${policy.domain}` as Host);
}

function claimRequest(
  container: ContainerObservation,
  request: RouteRequest,
  settings: Settings,
  policy: Policy,
  find: FindContainer,
  claims: Map<Site, Claim>,
  refusals: Refusal[],
): void {
  const aim = aimAt(container, request.port, settings, policy, find);
  if (aim.refusal !== null && !refusals.some((refusal) => refusal.reason === aim.refusal!.reason)) {
    refusals.push(aim.refusal);
  }
  if (aim.waiting === 'no-port') return;
  for (const host of request.hosts) {
    const match: RouteMatch = { host, path: request.path };
    const forbidden = forbid(match, policy);
    if (forbidden !== null) refusals.push(forbidden);
    else claims.set(siteOf(match), { site: siteOf(match), match, target: aim.target, waiting: aim.waiting });
  }
}

function forbid(match: RouteMatch, policy: Policy): Refusal | null {
  if (policy.reservedHosts.includes(match.host)) {
    return {
      match,
      reason: 'host-reserved',
      detail: `${match.host} is a name of Portolan's own API; use another host`,
    };
  }
  const within = (domain: string): boolean => match.host === domain || match.host.endsWith(`.${domain}`);
  if (policy.allowedHosts === null || within(policy.domain) || policy.allowedHosts.some(within)) return null;
  const allowed = policy.allowedHosts.join(', ');
  return {
    match,
    reason: 'host-not-allowed',
    detail: `${match.host} is not within the allowed hosts (${allowed})`,
  };
}

/** Without a port there is nothing to claim; without an address the claim stands and waits. */
interface Aim {
  readonly target: Target | null;
  readonly waiting: CloseReason | 'no-port' | null;
  readonly refusal: Refusal | null;
}

function aimAt(
  container: ContainerObservation,
  labelled: number | null,
  settings: Settings,
  policy: Policy,
  find: FindContainer,
): Aim {
  const refuse = (waiting: 'no-port' | 'unreachable', reason: RefusalReason, detail: string): Aim => ({
    target: null,
    waiting,
    refusal: { match: null, reason, detail },
  });
  const namespace = namespaceOf(container, find);
  const port = labelled ?? portOf(container) ?? (namespace === undefined ? null : portOf(namespace));
  if (port === null) {
    return refuse(
      'no-port',
      'no-port',
      'it exposes no TCP port; add EXPOSE to its image, or the label portolan.port',
    );
  }
  const waiting = waitingOf(container);
  if (waiting !== null) return { target: null, waiting, refusal: null };
  if (namespace === undefined || namespace.status !== 'running') {
    const detail = `it uses the network of ${container.spec.networkMode}, which is not running; start that container`;
    return refuse('unreachable', 'no-reachable-network', detail);
  }
  const reached = reach(namespace, port, labelled !== null, settings.network, policy);
  if (reached.kind === 'nowhere') return refuse('unreachable', reached.reason, reached.detail);
  const target: Target = {
    container: container.container,
    name: container.name,
    address: reached.address,
    port: reached.port,
    startedAt: container.startedAt ?? '',
    ...(settings.weight === null ? {} : { weight: settings.weight }),
  };
  return { target, waiting: null, refusal: null };
}

function namespaceOf(container: ContainerObservation, find: FindContainer): ContainerObservation | undefined {
  const mode = container.spec.networkMode;
  return mode.startsWith('container:') ? find(mode.slice('container:'.length) as ContainerId) : container;
}

/** The only exposed TCP port, else 80, else the lowest. */
function portOf(container: ContainerObservation): number | null {
  const { exposed } = container.spec;
  return exposed.includes(80) ? 80 : (exposed[0] ?? null);
}

function waitingOf(container: ContainerObservation): CloseReason | null {
  switch (container.status) {
    case 'running':
      return container.health === 'none' || container.health === 'healthy' ? null : 'unhealthy';
    case 'paused':
      return 'paused';
    case 'restarting':
      return 'restarting';
    case 'removing':
      return 'removed';
    case 'created':
    case 'exited':
    case 'dead':
      return 'stopped';
    default:
      return container.status satisfies never;
  }
}
