/** How the configuration of a container differs from that of the one that had its name before. */
import { expect, test } from 'vitest';
import type { ContainerObservedData } from '../../src/events/observations.ts';
import { configurationChanges } from '../../src/queries/configuration.ts';
import { running } from '../routing/scenario.ts';

const web = running('web');
const published = [{ port: 80, hostAddress: '0.0.0.0', hostPort: 8080 }];
const withSpec = (changes: Partial<ContainerObservedData['spec']>): ContainerObservedData => ({
  ...web,
  spec: { ...web.spec, ...changes },
});

test('published ports that only one shows, as the other does not run, are no difference', () => {
  const up = { ...web, published };
  for (const status of ['exited', 'created', 'dead'] as const) {
    expect(configurationChanges({ ...web, status }, up)).toEqual([]);
    expect(configurationChanges(up, { ...web, status })).toEqual([]);
  }
  const change = { field: 'published', before: '', after: '0.0.0.0:8080 to 80' };
  expect(configurationChanges(web, up)).toEqual([change]);
  expect(configurationChanges({ ...web, status: 'paused' }, up)).toEqual([change]);
});

test('the id of the command that made it is no difference, any other label is, also one that came or went', () => {
  const before = withSpec({ labels: { 'portolan.command-id': 'one', tier: 'web', old: 'x' } });
  const after = withSpec({ labels: { 'portolan.command-id': 'two', tier: 'api', fresh: '' } });
  expect(configurationChanges(before, after)).toEqual([
    { field: 'labels.tier', before: 'web', after: 'api' },
    { field: 'labels.old', before: 'x', after: null },
    { field: 'labels.fresh', before: null, after: '' },
  ]);
});
