/** A process of its own that follows an engine and prints each delivery as a line of JSON: to be stopped and continued. */
import { parseEngineAddress } from '../../src/docker/address.ts';
import { createConnections } from '../../src/docker/connection.ts';
import { createWatcher } from '../../src/docker/watcher.ts';
import { conceal, createRecordingSink, locate, quietLogger } from './support.ts';

const connections = createConnections(parseEngineAddress(process.argv[2] ?? '', process.env));
const watcher = createWatcher({ connections, conceal, logger: quietLogger, locate });
const sink = createRecordingSink();
watcher.start(sink, null);

let printed = 0;
setInterval(() => {
  const lines = sink.deliveries
    .slice(printed)
    .map((delivery) =>
      JSON.stringify(delivery, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
    );
  printed = sink.deliveries.length;
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}, 20);
// Whoever started it has gone.
process.stdin.resume().once('end', () => process.exit(0));
