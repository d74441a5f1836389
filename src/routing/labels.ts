/** What a container's `portolan.*` labels ask for. */

import type { Host } from '../events/ids.ts';
import { parseHost } from './host.ts';
import { nearest } from './nearest.ts';
import { isTrafficName, readTraffic, type TrafficSettings, trafficNames } from './traffic-labels.ts';

/** One `portolan.routes.NAME.*` group, or the container's plain labels. */
export interface RouteRequest {
  /** Empty: the container's default hosts. */
  readonly hosts: readonly Host[];
  readonly path: string;
  readonly port: number | null;
}

export interface Settings extends TrafficSettings {
  readonly enable: boolean | null;
  readonly plain: RouteRequest;
  readonly groups: readonly RouteRequest[];
  readonly network: string | null;
  readonly service: string | null;
  /** Labels with a value that cannot be used; each says what is allowed. They refuse the container's routes. */
  readonly errors: readonly string[];
  /** Labels that are not known, each with the nearest name. They are only reported. */
  readonly warnings: readonly string[];
}

const prefix = 'portolan.';
const known = ['enable', 'host', 'port', 'path', 'network', 'service', ...trafficNames] as const;
const groupFields = ['host', 'path', 'port'] as const;
/** Set by Portolan itself on containers that its API creates. */
const own = new Set(['command-id']);

type Draft = { host?: readonly Host[]; path?: string; port?: number };

export function parseLabels(labels: Readonly<Record<string, string>>): Settings {
  const errors: string[] = [];
  const warnings: string[] = [];
  const plain: Draft = {};
  const groups = new Map<string, Draft>();
  const traffic = new Map<(typeof trafficNames)[number], string>();
  let enable: boolean | null = null;
  let network: string | null = null;
  let service: string | null = null;
  for (const key of Object.keys(labels)
    .filter((name) => name.startsWith(prefix))
    .sort()) {
    const name = key.slice(prefix.length);
    const value = labels[key]!.trim();
    const group = /^routes\.([A-Za-z0-9_-]+)\.(.+)$/.exec(name);
    if (group !== null) readGroup(groups, group[1]!, group[2]!, key, value, errors, warnings);
    else if (name === 'enable') enable = readBoolean(key, value, errors);
    else if (name === 'network') network = value;
    else if (name === 'service') service = value;
    else if (isTrafficName(name)) traffic.set(name, value);
    else if (isGroupField(name)) readField(plain, name, key, value, errors);
    else if (!own.has(name))
      warnings.push(
        unknown(
          key,
          known.map((word) => prefix + word),
        ),
      );
  }
  return {
    enable,
    plain: requestOf(plain),
    groups: [...groups.values()].map(requestOf),
    network: network === '' ? null : network,
    service: service === '' ? null : service,
    ...readTraffic(traffic, errors, warnings),
    errors,
    warnings,
  };
}

const isGroupField = (name: string): name is (typeof groupFields)[number] =>
  (groupFields as readonly string[]).includes(name);

const requestOf = (draft: Draft): RouteRequest => ({
  hosts: draft.host ?? [],
  path: draft.path ?? '/',
  port: draft.port ?? null,
});

function readGroup(
  groups: Map<string, Draft>,
  name: string,
  field: string,
  key: string,
  value: string,
  errors: string[],
  warnings: string[],
): void {
  if (!isGroupField(field)) {
    warnings.push(
      unknown(
        key,
        groupFields.map((word) => `${prefix}routes.${name}.${word}`),
      ),
    );
    return;
  }
  const draft = groups.get(name) ?? {};
  groups.set(name, draft);
  readField(draft, field, key, value, errors);
}

function readField(
  draft: Draft,
  field: (typeof groupFields)[number],
  key: string,
  value: string,
  errors: string[],
): void {
  switch (field) {
    case 'host':
      draft.host = readHosts(key, value, errors);
      return;
    case 'port':
      if (/^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65535) draft.port = Number(value);
      else errors.push(`label ${key} is "${value}"; a TCP port from 1 to 65535 is allowed`);
      return;
    case 'path':
      if (/^\/[!-~]*$/.test(value) && !/[?#\\]|%2e|%2f|%5c|\/\.{1,2}(\/|$)|\/\//i.test(value)) {
        draft.path = value.length > 1 ? value.replace(/\/$/, '') : value;
      } else {
        errors.push(
          `label ${key} is "${value}"; a path that starts with / is allowed, without query, // or dot segments`,
        );
      }
      return;
    default:
      field satisfies never;
  }
}

function readHosts(key: string, value: string, errors: string[]): Host[] {
  const hosts: Host[] = [];
  for (const part of value.split(',').map((text) => text.trim())) {
    const host = /^[^:[]+$/.test(part) ? parseHost(part) : null;
    if (host === null) {
      errors.push(
        `label ${key} has "${part}"; host names without port or wildcard are allowed, separated by commas`,
      );
    } else if (!hosts.includes(host)) hosts.push(host);
  }
  return hosts;
}

function readBoolean(key: string, value: string, errors: string[]): boolean | null {
  if (/^(true|1|yes|on)$/i.test(value)) return true;
  if (/^(false|0|no|off)$/i.test(value)) return false;
  errors.push(`label ${key} is "${value}"; true or false is allowed`);
  return null;
}

function unknown(key: string, names: readonly string[]): string {
  return `label ${key} is not known; did you mean ${nearest(key, names)[0]}?`;
}
