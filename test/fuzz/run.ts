/**
 * `npm run fuzz`: random and mutated requests and answers through the proxy, held against an independent reader.
 *   --seconds 600   in all
 *   --seed N        of the first case; each finding names its own
 * Writes docs/fuzz.md. Ends with code 1 if anything was found.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Findings, fuzz } from './fuzz.ts';
import { holdAgainst, installedPeers } from './peers.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
if (!(seconds > 0) || !Number.isSafeInteger(seed)) {
  console.error('--seconds takes a number above 0, --seed a whole number');
  process.exit(2);
}

const peers = installedPeers();
const share = peers.length > 0 ? 0.4 : 0.5;
const found = await fuzz(seed, seconds * 1_000 * share);
for (const { kind, seed: at, why, bytes } of found.findings)
  console.log(`${kind} ${at}: ${why}\n  ${JSON.stringify(bytes)}`);
const compared = await holdAgainst(peers, seed, seconds * 1_000 * (1 - 2 * share));
writeFileSync(new URL('../../docs/fuzz.md', import.meta.url), report(found, compared));
console.log(summary(found));
process.exitCode = found.findings.length > 0 ? 1 : 0;

function summary({ requests, forwarded, answers, passed, findings }: Findings): string {
  return `${requests} requests, of which ${forwarded} messages reached a backend; ${answers} answers, of which ${passed} were passed on; ${findings.length} findings`;
}

function report(result: Findings, others: Awaited<ReturnType<typeof holdAgainst>>): string {
  const rows = others.map(
    ({ peer, requests, both, onlyPortolan, onlyPeer, broken }) =>
      `| ${peer} | ${requests} | ${both} | ${onlyPortolan} | ${onlyPeer} | ${broken} |`,
  );
  return `# The last run of the fuzzer

\`npm run fuzz -- --seconds ${seconds} --seed ${seed}\` on ${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, Node ${process.version}.

${summary(result)}.
${result.findings.map(({ kind, seed: at, why }) => `\n- ${kind} ${at}: ${why}`).join('')}
Each request is thrown at the proxy on a connection of its own; a recording backend takes down every byte, and an independent reader
(\`test/fuzz/message.ts\`) must read exactly the messages that it reads in the client's bytes. Each answer is spoken by a backend; the
client must get just that answer, or 502, or a connection that is cut, and whoever asks next must get their own.

The same requests through the peers that are installed: where both forwarded something, where only one did, and how often
a backend behind the peer got what the reader reads as no message, or as other messages than were sent.

| peer | requests | both | only Portolan | only the peer | read otherwise behind the peer |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
}
