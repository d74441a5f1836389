/** What the sentence of a host that is down must not say: each of these was once said. */
import { expect, test } from 'vitest';
import type { Host } from '../../src/events/ids.ts';
import { entryOf } from '../../src/routing/entries.ts';
import { alice, bob, type Character, createStory, type Story } from '../support/events.ts';
import { type Past, position, withPast } from '../support/past.ts';
import { scratch, writeLog } from '../support/projecting.ts';

async function remembering(story: Story, run: (past: Past) => void): Promise<void> {
  using folder = scratch();
  await writeLog(folder.dataDir, story.batches);
  await withPast(folder.dataDir, run);
}

function begin(specChanges = {}): { story: Story; web: Character } {
  const story = createStory();
  story.started('boot-1', null);
  story.connected();
  story.policy();
  const web = story.container('web', specChanges);
  web.started();
  story.pass(60_000);
  return { story, web };
}

/** What is said of `web.docker.localhost` after it ran for a minute and this happened. */
async function sentenceAfter(happen: (story: Story, web: Character) => void, specChanges = {}) {
  const { story, web } = begin(specChanges);
  happen(story, web);
  let sentence = '';
  await remembering(story, (past) => {
    sentence = past.why('web.docker.localhost').sentence;
  });
  return sentence.replace(/^.*, when container /, '');
}

test('a command that came after the end did not cause it', async () => {
  const removed = await sentenceAfter((story, web) => {
    const kill = story.command('kill', web, alice);
    web.signal('ContainerKilled', { signal: '9' });
    web.crashed(137);
    kill.succeed();
    story.pass(2_000);
    const remove = story.command('remove', web, bob);
    web.removed();
    remove.succeed();
  });
  expect(removed).toBe(
    'web (nginx:1.27) exited with code 137 (SIGKILL) after a kill through the API by alice; that container no longer exists.',
  );
  const startFailed = await sentenceAfter((story, web) => {
    const stop = story.command('stop', web, alice);
    web.stopped();
    stop.succeed();
    story.pass(2_000);
    story.command('start', web, bob).fail(500, 'port is already allocated');
  });
  expect(startFailed).toBe('web (nginx:1.27) exited with code 0 after a stop through the API by alice.');
});

/** Signals of an end of which the engine told whom it asked: each once for the API and once for somebody outside. */
function endedByTwo(web: Character): void {
  web.signal('ContainerKilled', { signal: '15' });
  web.signal('ContainerKilled', { signal: '15' });
  web.crashed(0);
}

test('two who stop it at once: the sentence names no one as if certain, as the audit does not', async () => {
  const both = await sentenceAfter((story, web) => {
    const first = story.command('stop', web, alice);
    const second = story.command('stop', web, bob);
    endedByTwo(web);
    first.succeed();
    second.succeed();
  });
  expect(both).toBe('web (nginx:1.27) exited with code 0 after a stop through the API by alice or by bob.');
  const removedToo = await sentenceAfter((story, web) => {
    story.command('stop', web, alice);
    story.command('remove', web, bob);
    web.stopped();
  });
  expect(removedToo).toBe(
    'web (nginx:1.27) exited with code 0 after a stop through the API by alice or a remove by bob.',
  );
  const outsideToo = await sentenceAfter((story, web) => {
    const stop = story.command('stop', web, alice);
    endedByTwo(web);
    stop.succeed();
  });
  const unsure =
    'web (nginx:1.27) exited with code 0 after a stop through the API by alice, or from outside Portolan.';
  expect(outsideToo).toBe(unsure);
  const outsideFirst = await sentenceAfter((story, web) => {
    web.signal('ContainerKilled', { signal: '15' });
    story.pass(1_000);
    const stop = story.command('stop', web, alice);
    web.signal('ContainerKilled', { signal: '15' });
    web.crashed(0);
    stop.succeed();
    story.pass(60_000);
    web.removed();
  });
  expect(outsideFirst).toBe(unsure.replace(/\.$/, '; that container no longer exists.'));
});

test('who was alone is named alone: a stop that takes long, who asks twice, and what was over before', async () => {
  const alone = 'after a stop through the API by alice.';
  const slow = await sentenceAfter((story, web) => {
    const stop = story.command('stop', web, alice);
    web.signal('ContainerKilled', { signal: '15' });
    story.pass(10_000);
    web.signal('ContainerKilled', { signal: '9' });
    web.crashed(137);
    stop.succeed();
  });
  expect(slow).toBe(`web (nginx:1.27) exited with code 137 (SIGKILL) ${alone}`);
  const twice = await sentenceAfter((story, web) => {
    story.command('stop', web, alice);
    story.command('stop', web, alice);
    endedByTwo(web);
  });
  expect(twice).toBe(`web (nginx:1.27) exited with code 0 ${alone}`);
  const reloaded = await sentenceAfter((story, web) => {
    const reload = story.command('kill', web, bob);
    web.signal('ContainerKilled', { signal: '1' });
    reload.succeed();
    story.pass(5_000);
    const refused = story.command('remove', web, bob);
    refused.fail(409, 'it is running');
    story.command('stop', web, alice);
    web.stopped();
  });
  expect(reloaded).toBe(`web (nginx:1.27) exited with code 0 ${alone}`);
});

test('one that was killed outright was not told to stop', async () => {
  const killed = await sentenceAfter((_, web) => {
    web.signal('ContainerKilled', { signal: '9' });
    web.crashed(137);
  });
  expect(killed).toBe(
    'web (nginx:1.27) exited with code 137 (SIGKILL) after it was killed from outside Portolan.',
  );
  const stopped = await sentenceAfter((story, web) => {
    web.signal('ContainerKilled', { signal: '15' });
    story.pass(10_000);
    web.signal('ContainerKilled', { signal: '9' });
    web.crashed(137);
  });
  expect(stopped).toBe(
    'web (nginx:1.27) exited with code 137 (SIGKILL) after it was told to stop from outside Portolan.',
  );
});

test('one that was killed, and nobody was seen to do so, is told as that, and not as one that was stopped', async () => {
  const unseen = 'web (nginx:1.27) exited with code 137 (128 + SIGKILL; no kill was seen just before it)';
  expect(await sentenceAfter((_, web) => web.crashed(137))).toBe(`${unseen}.`);
  const longBefore = await sentenceAfter((story, web) => {
    web.signal('ContainerKilled', { signal: '15' });
    story.pass(60_000);
    web.crashed(137);
  });
  expect(longBefore).toBe(`${unseen}.`);
  const told = await sentenceAfter((_, web) => {
    web.signal('ContainerKilled', { signal: '15' });
    web.crashed(137);
  });
  expect(told).toBe(`${unseen} after it was told to stop from outside Portolan.`);
  const flagged = await sentenceAfter((_, web) => {
    web.signal('ContainerDied', { exitCode: '137' });
    web.observe({ ...web.become('exited'), exitCode: 137, oomKilled: true });
  });
  expect(flagged).toBe('web (nginx:1.27) exited with code 137 (out of memory).');
  // As where it was a process that the main one waited for.
  const starved = await sentenceAfter((_, web) => {
    web.signal('ContainerOutOfMemory');
    web.crashed(137);
  });
  expect(starved).toBe(
    'web (nginx:1.27) exited with code 137 (128 + SIGKILL; a process of it was killed for want of memory just before it).',
  );
  const removed = await sentenceAfter((story, web) => {
    web.crashed(137);
    story.pass(1_000);
    web.removed();
  });
  expect(removed).toBe(`${unseen}; that container no longer exists.`);
});

test('of one that was killed while Portolan was away it is not said that no kill was seen', async () => {
  const found = await sentenceAfter((story, web) => {
    const finishedAt = story.instant();
    story.pass(3_600_000);
    web.observe({ ...web.become('exited'), finishedAt, exitCode: 137 }, finishedAt);
  });
  expect(found).toBe(
    'web (nginx:1.27) was found to have exited with code 137 (128 + SIGKILL) at 2026-01-05 06:01:00 UTC.',
  );
});

test('restarts that somebody made are no reason where somebody ended it', async () => {
  const stopped = await sentenceAfter((_, web) => {
    for (let n = 0; n < 3; n++) {
      web.stopped();
      web.started();
    }
    web.stopped();
  });
  expect(stopped).toBe(
    'web (nginx:1.27) exited with code 0 after it was told to stop from outside Portolan.',
  );
});

test('one that crashes in a loop says so while the engine restarts it, too', async () => {
  const looping = await sentenceAfter((story, web) => {
    for (let n = 0; n < 3; n++) {
      web.crashed(7);
      web.started();
      story.pass(1_000);
    }
    web.signal('ContainerDied', { exitCode: '7' });
    web.observe({ ...web.become('restarting'), exitCode: 7 });
  });
  expect(looping).toBe(
    'web (nginx:1.27) exited with code 7 after 3 restarts in 5 minutes and is being restarted by the engine.',
  );
});

test('what happened while Portolan was away is not said to have happened when it was found', async () => {
  const exited = await sentenceAfter((story, web) => {
    const end = story.now();
    const finishedAt = new Date(end).toISOString();
    story.pass(3_600_000);
    web.observe({ ...web.become('exited'), finishedAt, exitCode: 3 }, finishedAt);
  });
  expect(exited).toBe('web (nginx:1.27) was found to have exited with code 3 at 2026-01-05 06:01:00 UTC.');
  const gone = await sentenceAfter((story, web) => {
    const since = story.instant();
    story.pass(3_600_000);
    web.vanished(since);
  });
  expect(gone).toBe('web (nginx:1.27) was found to have been removed.');
  const paused = await sentenceAfter((story, web) => web.observe({ status: 'paused' }, story.instant()));
  expect(paused).toBe('web (nginx:1.27) was found paused.');
});

test('one that was started again, and is not healthy yet, did not exit with the code 0 of a running container', async () => {
  const starting = await sentenceAfter((_, web) => {
    web.crashed(137);
    web.signal('ContainerStarted');
    web.observe({ ...web.become('running'), health: 'starting' });
  });
  expect(starting).toBe(
    'web (nginx:1.27) exited with code 137 (128 + SIGKILL; no kill was seen just before it); it was started again and is starting; its health check has not passed yet.',
  );
});

test('one that the engine failed to start is not waiting for its start', async () => {
  const story = createStory();
  story.policy();
  const web = story.container('web');
  web.created();
  web.observe({ exitCode: 127 });
  await remembering(story, (past) => {
    expect(past.why('web.docker.localhost').sentence).toMatch(
      /has no upstream yet: container web \(nginx:1\.27\) could not be started \(exit code 127\)\.$/,
    );
  });
});

test('a container with a route is not among those that run without one', async () => {
  const { story } = begin();
  story.container('database', { exposed: [] }).started();
  story.container('cache', { exposed: [] }).started();
  story.container('admin', { labels: { 'portolan.host': 'localhost' } }).started();
  await remembering(story, (past) => {
    const { sentence } = past.why('databas.docker.localhost');
    expect(sentence).toContain('Container database runs without a route: it exposes no TCP port');
    expect(sentence).toMatch(/ Also without a route: cache\.$/);
  });
});

test('a host that is asked for in vain stays unknown to the proxy, and why says who asks', async () => {
  const { story } = begin();
  story.container('admin', { labels: { 'portolan.host': 'localhost' } }).started();
  await remembering(story, (past) => {
    expect(past.why('localhost').sentence).toMatch(
      /^no container has answered as localhost so far\. Container admin asks for it in vain: /,
    );
    expect(
      past.resolveAt({ kind: 'position', position: story.events().length }, 'localhost', '/').status,
    ).toBe(404);
  });
});

test('why a container has no route now is told of the host that it had under another name, too', async () => {
  const { story, web } = begin();
  web.renamed('shop');
  web.stopped();
  web.started();
  const sentences: string[] = [];
  for (const expose of ['labeled', 'all'] as const) {
    story.policy({ expose });
    await remembering(story, (past) => sentences.push(past.why('web.docker.localhost').sentence));
    expect(sentences.at(-1)).toBe(entryOf(story.state, 'web.docker.localhost' as Host).sentence);
  }
  expect(sentences[0]).toContain('cannot be routed: only labelled containers are exposed');
  expect(sentences[1]).not.toContain('only labelled containers are exposed');
});

test('a container that lost the network it shares says so of the host that it had under another name, too', async () => {
  const { story, web } = begin();
  const guest = story.container('guest', { networkMode: `container:${web.id}` });
  guest.started();
  guest.renamed('visitor');
  guest.crashed();
  guest.started();
  web.stopped();
  const found = story
    .events()
    .findLastIndex((event) => event.type === 'ContainerObserved' && event.data.container === web.id);
  await remembering(story, (past) => {
    // From that very event on, not from the one that closes the route which it has now.
    const sentence = past.hostAt(position(found + 1), 'guest.docker.localhost')?.sentence;
    expect(sentence).toContain(`it uses the network of container:${web.id}, which is not running`);
    expect(past.why('guest.docker.localhost').sentence).toBe(sentence);
  });
});
