/** The containers that had a name, one after the other, and how the configuration changed between them. */
import { expect, test } from 'vitest';
import { BadCursor } from '../../src/queries/cursor.ts';
import { bob, createStory } from '../support/events.ts';
import { allPages, asking } from './asking.ts';

function scene() {
  const story = createStory();
  story.policy();
  const first = story.container('web', {
    imageId: 'sha256:01',
    labels: { 'portolan.host': 'shop.test', 'portolan.command-id': 'one' },
    env: { VIRTUAL_HOST: 'shop.test' },
  });
  first.created();
  first.started();
  first.observe({ published: [{ port: 80, hostAddress: '::1', hostPort: 8081 }] });
  story.pass(60_000);
  first.stopped();
  first.observe({ published: [] });
  const removal = story.command('remove', first, bob);
  first.removed();
  removal.succeed();
  story.pass(60_000);
  const second = story.container('web', {
    imageId: 'sha256:02',
    labels: { 'portolan.port': '80', 'portolan.command-id': 'two' },
    exposed: [80, 443],
    restartPolicy: 'always',
  });
  second.created();
  second.started();
  second.observe({
    published: [{ port: 80, hostAddress: '0.0.0.0', hostPort: 8081 }],
    networks: ['bridge', 'shop'].map((name) => ({
      name,
      address: '172.17.0.9',
      address6: '',
      gateway: '',
      gateway6: '',
    })),
  });
  return { story, first, second };
}

test('are listed newest first, removed ones too, each with what differs from the one before', async () => {
  const { story, first, second } = scene();
  await asking(async ({ queries, tell }) => {
    await tell(story.batches);
    const { items } = (await queries.incarnations('web', { limit: 10 }))!;
    const [now, before] = items;
    expect(items).toHaveLength(2);
    expect(now).toMatchObject({ container: second.id, name: 'web', imageId: 'sha256:02', to: null });
    expect(now).toMatchObject({ opened: { action: 'run', actor: { kind: 'external' } }, closed: null });
    expect(before).toMatchObject({ closed: { action: 'remove', actor: bob } });
    expect(now!.changes).toEqual([
      { field: 'imageId', before: 'sha256:01', after: 'sha256:02' },
      { field: 'exposed', before: '80', after: '80, 443' },
      { field: 'published', before: '[::1]:8081 to 80', after: '0.0.0.0:8081 to 80' },
      { field: 'networks', before: 'bridge', after: 'bridge, shop' },
      { field: 'restartPolicy', before: 'no', after: 'always' },
      { field: 'labels.portolan.host', before: 'shop.test', after: null },
      { field: 'env.VIRTUAL_HOST', before: 'shop.test', after: null },
      { field: 'labels.portolan.port', before: null, after: '80' },
    ]);
    expect(before).toMatchObject({ container: first.id, changes: [] });
    expect((await queries.event(before!.openedBy))!.type).toBe('ContainerObserved');
    const gone = (await queries.event(before!.closedBy!))!;
    expect(gone).toMatchObject({ type: 'ContainerLost', recordedAt: before!.to });
  });
});

test('are found by id, also of a removed container, and by a prefix of it', async () => {
  const { story, first } = scene();
  await asking(async ({ queries, tell }) => {
    await tell(story.batches);
    const whole = await queries.incarnations('web', { limit: 10 });
    expect(await queries.incarnations(first.id, { limit: 10 })).toEqual(whole);
    expect(await queries.incarnations(first.id.slice(0, 12), { limit: 10 })).toEqual(whole);
    expect(await queries.incarnations('never', { limit: 10 })).toBeNull();
  });
});

test('a container that gave its name away ends with the rename', async () => {
  const { story, second } = scene();
  second.renamed('old');
  const third = story.container('web');
  third.started();
  await asking(async ({ queries, tell }) => {
    await tell(story.batches);
    const { items } = (await queries.incarnations('web', { limit: 10 }))!;
    expect(items.map((one) => one.container).slice(0, 2)).toEqual([third.id, second.id]);
    const renamed = (await queries.event(items[1]!.closedBy!))!;
    expect(renamed).toMatchObject({ type: 'ContainerObserved', data: { name: 'old' } });
    expect((await queries.incarnations('old', { limit: 10 }))!.items).toMatchObject([
      { container: second.id, name: 'old', to: null, changes: [] },
    ]);
  });
});

test('come page by page, with the same changes as on one', async () => {
  const story = createStory();
  story.policy();
  for (let turn = 0; turn < 7; turn += 1) {
    const web = story.container('web', { imageId: `sha256:0${turn}` });
    web.started();
    web.removed();
  }
  await asking(async ({ queries, tell }) => {
    await tell(story.batches);
    const whole = (await queries.incarnations('web', { limit: 100 }))!.items;
    expect(whole.map((one) => one.imageId)).toEqual([6, 5, 4, 3, 2, 1, 0].map((turn) => `sha256:0${turn}`));
    const pages = allPages(async (cursor) => (await queries.incarnations('web', { limit: 2, cursor }))!);
    expect(await pages).toEqual(whole);
    await expect(queries.incarnations('web', { limit: 2, cursor: 'bm9uZQ' })).rejects.toThrow(BadCursor);
  });
});
