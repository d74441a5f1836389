/** The proxy without engine, log and API: workers and a table with one host, for measuring it beside its peers. */
import { pino } from 'pino';
import { keepHeapsSmall } from '../../src/observability/heap-settings.ts';
import { createProxy } from '../../src/proxy/pool.ts';
import { entryOf, routeOf, settingsOf, snapshotOf, targetOf } from '../../test/proxy/in-process.ts';

// As `main.ts` does.
keepHeapsSmall();
const [name, port, backend, echo, workers] = process.argv.slice(2);
const proxy = createProxy({
  settings: { ...settingsOf(), port: Number(port) },
  workers: Number(workers),
  drain: 1_000,
  logger: pino({ level: 'silent' }),
});
const at = (to: string | undefined) => targetOf({ address: '127.0.0.1', port: Number(to) });
await proxy.start(
  snapshotOf([entryOf(name!, [routeOf([at(backend)])]), entryOf(`echo.${name}`, [routeOf([at(echo)])])]),
);
// A profile is written at an end that is no kill.
process.once('SIGINT', () => void proxy.stop(0).then(() => process.exit()));
