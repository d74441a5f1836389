/** The calls on networks. */

import type { Attachments } from './attachments.ts';
import { instant } from './clock.ts';
import type { Container } from './container.ts';
import { macOf } from './container-view.ts';
import type { Engine } from './engine.ts';
import { matchesName, matchesPair, readFilters } from './filters.ts';
import { done, ok, Refusal, type Router } from './http.ts';
import type { Network } from './networks.ts';

export function serveNetworks(router: Router, engine: Engine, attachments: Attachments): void {
  const { networks, containers } = engine;
  router.on('GET', '/networks', ({ query }) => {
    const filters = readFilters(query.get('filters'), [
      'dangling',
      'driver',
      'id',
      'label',
      'name',
      'scope',
      'type',
    ]);
    const shown = networks
      .list()
      .filter(
        ({ id, name, driver, labels }) =>
          filters.some('id', (wanted) => id.startsWith(wanted)) &&
          filters.some('name', (wanted) => matchesName(wanted, name)) &&
          filters.some('driver', (wanted) => driver === wanted) &&
          filters.every('label', (pair) => matchesPair(pair, labels)),
      );
    // The list says nothing of containers; a single one does.
    return ok(shown.map((network) => networkView(network, [])));
  });
  router.on('GET', '/networks/:id', ({ params }) =>
    ok(networkView(networks.get(params['id']!), containers.list())),
  );
  router.on('POST', '/networks/create', ({ body }) => {
    const { Name, Labels, Internal } = body() as NetworkBody;
    if (!Name) throw new Refusal(400, 'network name cannot be empty');
    const network = networks.create(Name, { labels: Labels ?? {}, internal: Internal ?? false });
    return { status: 201, body: { Id: network.id, Warning: '' } };
  });
  router.on('POST', '/networks/:id/connect', async ({ params, body }) => {
    const { Container, EndpointConfig } = body() as ConnectBody;
    const network = networks.get(params['id']!);
    await containers.connect(containers.get(Container ?? ''), network, EndpointConfig?.Aliases ?? []);
    return { status: 200 };
  });
  router.on('POST', '/networks/:id/disconnect', async ({ params, body }) => {
    const { Container } = body() as ConnectBody;
    const network = networks.get(params['id']!);
    await containers.disconnect(containers.get(Container ?? ''), network);
    return { status: 200 };
  });
  router.on('DELETE', '/networks/:id', ({ params }) => {
    const network = networks.get(params['id']!);
    if (attachments.isUsed(network)) {
      throw new Refusal(
        403,
        `error while removing network: network ${network.name} id ${network.id} has active endpoints`,
      );
    }
    networks.remove(network);
    return done;
  });
}

interface NetworkBody {
  readonly Name?: string;
  readonly Labels?: Record<string, string> | null;
  readonly Internal?: boolean;
}

interface ConnectBody {
  readonly Container?: string;
  readonly EndpointConfig?: { readonly Aliases?: string[] | null } | null;
}

function networkView(network: Network, containers: readonly Container[]): Record<string, unknown> {
  const { id, name, driver, created, addresses, labels, internal } = network;
  const subnet = addresses === null ? [] : [{ Subnet: addresses.subnet(), Gateway: addresses.gateway() }];
  return {
    Name: name,
    Id: id,
    Created: instant(created),
    Scope: 'local',
    Driver: driver,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: null, Config: subnet },
    Internal: internal,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: Object.fromEntries(membersOf(network, containers)),
    Options: {},
    Labels: labels,
  };
}

function membersOf({ name, addresses }: Network, containers: readonly Container[]): [string, unknown][] {
  return containers.flatMap((container): [string, unknown][] => {
    const endpoint = container.endpoints.get(name);
    if (endpoint === undefined || endpoint.id === '') return [];
    const { id, address } = endpoint;
    const view = {
      Name: container.name,
      EndpointID: id,
      MacAddress: address === '' ? '' : macOf(address),
      IPv4Address: address === '' ? '' : `${address}/${addresses?.prefixLength}`,
      IPv6Address: '',
    };
    return [[container.id, view]];
  });
}
