/** A proxy in a process of its own whose file descriptors are taken away, but for a few. */
import { closeSync, openSync } from 'node:fs';
import { pino } from 'pino';
import { createProxy } from '../../src/proxy/pool.ts';
import { entryOf, routeOf, settingsOf, snapshotOf, targetOf } from './in-process.ts';

const backend = { address: '127.0.0.1', port: Number(process.argv[2]) };
const proxy = createProxy({
  settings: { ...settingsOf(), port: 0 },
  workers: 1,
  drain: 1_000,
  logger: pino({ level: 'silent' }),
});
const table = snapshotOf([entryOf('web.docker.localhost', [routeOf([targetOf(backend)])])]);
const [address] = await proxy.start(table);

// Until there are no more; then some for the proxy.
const taken: number[] = [];
try {
  while (taken.length < 2_000_000) taken.push(openSync('/dev/null', 'r'));
} catch {
  // That is the end of them.
}
for (const descriptor of taken.slice(0, 40)) closeSync(descriptor);

process.stdout.write(`${address!.port}\n`);
let told = '';
setInterval(() => {
  const problems = proxy.problems().join('; ');
  if (problems !== told && problems !== '') process.stdout.write(`${problems}\n`);
  told = problems;
}, 20);
