/** Export and verification of the log where many ask, where nobody reads, and where the log is not there. */
import { renameSync } from 'node:fs';
import http from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { openExport } from '../../src/log/export-stream.ts';
import { openLog } from '../../src/log/log.ts';
import { makeNote, makeNotes, quiet } from '../log/fixtures.ts';
import { appendTo, makeFolder, open } from '../log/support.ts';
import { makeDataDir, type Portolan, within } from '../support/portolan.ts';
import { createEngine, endService, serveOn } from '../support/simulated.ts';

let engine: Simulator;
let portolan: Portolan;
beforeAll(async () => {
  engine = await createEngine();
  const dataDir = makeDataDir();
  const log = await openLog({ dataDir, logger: quiet });
  // More than sockets hold for a client that does not read.
  for (let count = 0; count < 100; count += 1)
    await appendTo(
      log,
      Array.from({ length: 10 }, () => makeNote('x'.repeat(30_000))),
    );
  await log.close();
  portolan = await serveOn(engine, { dataDir });
});
afterAll(() => endService(engine));

/** Reads nothing of it. */
function ask(): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { apiPort: port } = portolan;
    http.get({ port, path: '/api/v1/log/export', agent: false }, resolve).once('error', reject);
  });
}

test('exports that nobody reads are few: one more is told to come back, and can when one has ended', async () => {
  const open = [await ask(), await ask(), await ask(), await ask()];
  expect(open.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
  const refused = await portolan.api('GET', '/log/export');
  expect(refused.status).toBe(503);
  expect(JSON.parse(refused.body)).toMatchObject({
    detail: '4 exports are running; ask again when one of them has ended',
  });
  open.pop()!.destroy();
  await within(5_000, 'an export that is let in', async () => {
    const answer = await portolan.api('GET', '/log/export');
    return answer.status === 200 && answer.body.includes('{"end":');
  });
  for (const answer of open) answer.destroy();
});

test('an export of which nothing is taken for long gives its thread back', async () => {
  const folder = makeFolder();
  const log = await open(folder);
  await appendTo(log, makeNotes(5_000));
  const lines = openExport(folder, 50);
  const failed = new Promise((resolve) => lines.once('error', resolve));
  lines.read(0);
  expect(await failed).toMatchObject({ message: 'nothing of the export was taken for 0.05 s' });
});

test('a log that is not there is no defect: export and verification say what is wrong', async () => {
  const elsewhere = `${makeFolder()}/moved`;
  renameSync(portolan.dataDir, elsewhere);
  try {
    const answers = await Promise.all(
      [
        ['GET', '/log/export'],
        ['POST', '/log/verify'],
      ].map(async ([method, path]) => {
        const { status, body } = await new Promise<{ status: number; body: string }>((resolve, reject) => {
          const options = { port: portolan.apiPort, method, path: `/api/v1${path}`, agent: false };
          http
            .request(options, (answer) => {
              let body = '';
              answer.on('data', (piece) => {
                body += piece;
              });
              answer.on('end', () => resolve({ status: answer.statusCode!, body }));
            })
            .once('error', reject)
            .end();
        });
        return [status, JSON.parse(body).detail as string] as const;
      }),
    );
    for (const [status, detail] of answers) {
      expect(status).toBe(503);
      expect(detail).toContain(`${portolan.dataDir}/portolan.db: it cannot be read or written`);
    }
  } finally {
    renameSync(elsewhere, portolan.dataDir);
  }
});
