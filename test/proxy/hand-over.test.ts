/** The control socket between two Portolans: who may take over, and what becomes of those who may not. */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { canHandOver, type HandOver, offerHandOver, openFolder } from '../../src/proxy/hand-over.ts';
import { findPredecessor } from '../../src/proxy/take-over.ts';

const folders: string[] = [];
const offers: HandOver[] = [];

afterEach(() => {
  for (const offer of offers.splice(0)) offer.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Its name is longer than that of a socket may be. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), `portolan-${'long-'.repeat(20)}`));
  folders.push(folder);
  return folder;
}

async function offer(dataDir: string, refusal: () => string | null = () => null) {
  const served: number[] = [];
  const handOver = (await offerHandOver({
    dataDir,
    logger: pino({ level: 'silent' }),
    describe: () => ({ pid: process.pid, version: '1', port: 80, apiPort: 8080, trust: 'confirmed' }),
    refusal,
    onServing: (pid) => served.push(pid),
  }))!;
  offers.push(handOver);
  return { handOver, served };
}

describe.skipIf(!canHandOver)('the control socket', () => {
  test('tells a successor who is there, what is new, and when it may have the log', async () => {
    const dataDir = makeFolder();
    const { handOver, served } = await offer(dataDir);
    const predecessor = (await findPredecessor(dataDir))!;
    expect(predecessor).toMatchObject({ pid: process.pid, port: 80, apiPort: 8080, trust: 'confirmed' });
    const news: unknown[] = [];
    const released = predecessor.letGo((one) => news.push(one), 5_000);
    await expect.poll(() => served).toEqual([process.pid]);
    handOver.position(7);
    handOver.trust('unconfirmed');
    handOver.released();
    await released;
    expect(news).toEqual([
      { kind: 'position', position: 7 },
      { kind: 'trust', trust: 'unconfirmed' },
    ]);
    predecessor.leave();
    await predecessor.ended;
  });

  test('is for its owner alone, and is gone when the offer is', async () => {
    const dataDir = makeFolder();
    const path = join(dataDir, 'control.sock');
    const { handOver } = await offer(dataDir);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    handOver.close();
    expect(existsSync(path)).toBe(false);
    expect(await findPredecessor(dataDir)).toBeNull();
  });

  test('is for one successor at a time, and for the next if that one goes', async () => {
    const dataDir = makeFolder();
    const { served } = await offer(dataDir);
    const first = (await findPredecessor(dataDir))!;
    await expect(findPredecessor(dataDir)).rejects.toMatchObject({
      code: 'refused',
      message: `the running Portolan does not hand over: process ${process.pid} does so already`,
    });
    first.leave();
    await first.ended;
    await sleep(50);
    const second = (await findPredecessor(dataDir))!;
    expect(served).toEqual([]);
    second.leave();
  });

  test('says why it hands nothing over now', async () => {
    const dataDir = makeFolder();
    await offer(dataDir, () => 'its log cannot be written');
    await expect(findPredecessor(dataDir)).rejects.toThrow('its log cannot be written');
  });

  test.each(['hello\n', '{"kind":"serving"}\n', '{"kind":"take-over"}\n', 'x'.repeat(70_000)])(
    'is not moved by %.20s',
    async (said) => {
      const dataDir = makeFolder();
      const { served } = await offer(dataDir);
      const folder = openFolder(dataDir);
      const stranger = connect(folder.path);
      stranger.on('error', () => undefined);
      stranger.write(said);
      await sleep(100);
      stranger.destroy();
      folder.close();
      expect(served).toEqual([]);
      await expect.poll(() => findPredecessor(dataDir).then((found) => found?.pid)).toBe(process.pid);
    },
  );

  test('that nobody listens on any more is no predecessor', async () => {
    const dataDir = makeFolder();
    await offer(dataDir);
    const predecessor = (await findPredecessor(dataDir))!;
    const released = predecessor.letGo(() => undefined, 5_000);
    // As when its process is killed.
    predecessor.leave();
    await released;
    await predecessor.ended;
  });
});
