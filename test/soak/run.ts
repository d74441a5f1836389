/** `npm run soak`: the long form of what the tests do in short: 50 kills in a storm, 100 starts in a tight loop,
 * addresses that change hands 50 times under load, 5,000 tries around an idle time-out, ten of each fault under load, a storm of
 * 40 containers held against the past, 50 take-overs. Writes docs/soak.md. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';

const rounds = {
  STORM_ROUNDS: '50',
  START_ROUNDS: '100',
  REUSE_ROUNDS: '50',
  IDLE_TRIES: '5000',
  FAULT_ROUNDS: '10',
  STORM_CONTAINERS: '40',
  TAKE_OVER_ROUNDS: '50',
};
const names = [
  'killed at random moments of a storm',
  'containers start in a tight loop',
  'one after the other.*nobody is answered by a stranger',
  'restarted and recreated under its own name',
  'around the idle time-out of an upstream',
  'only requests under way on it may fail',
  'killed with live-restore: served on',
  'the past is the fold at every position',
  'refuses no connection, cuts no request',
];
const report = join(tmpdir(), `portolan-soak-${process.pid}.json`);
const faultReport = join(tmpdir(), `portolan-soak-${process.pid}.faults`);

const args = [
  'run',
  'test/e2e',
  'test/hazards',
  '--testNamePattern',
  names.join('|'),
  '--testTimeout',
  '3600000',
];
const started = Date.now();
const { status } = spawnSync(
  'vitest',
  [...args, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  {
    stdio: 'inherit',
    env: { ...process.env, ...rounds, FAULT_REPORT: faultReport, REQUIRE_DOCKER: '1' },
  },
);

interface Result {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly duration?: number;
    }[];
  }[];
}

const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Result;
rmSync(report);
const ran = testResults
  .flatMap((file) => file.assertionResults)
  .filter((one) => one.status !== 'skipped' && one.status !== 'pending');
const rows = ran.map(
  ({ title, status: outcome, duration }) =>
    `| ${title} | ${outcome} | ${Math.round((duration ?? 0) / 1_000)} s |`,
);
const faults = (existsSync(faultReport) ? readFileSync(faultReport, 'utf8') : '')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as { title: string; rounds: number; requests: number; failed: number })
  .map((one) => `| ${one.title} | ${one.rounds} | ${one.requests} | ${one.failed} |`);
rmSync(faultReport, { force: true });
writeFileSync(
  new URL('../../docs/soak.md', import.meta.url),
  `# The last soak run

Made by \`npm run soak\` on ${new Date(started).toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB.
${Object.entries(rounds)
  .map(([name, count]) => `\`${name}=${count}\``)
  .join(', ')}; the tests in CI run the same with fewer rounds.

| what | outcome | took |
| --- | --- | --- |
${rows.join('\n')}

After each kill of the storm (\`kill -9\` at a random moment while containers of a real engine stop and restart) the chain is
whole and no key is doubled, and after each restart the routes equal what the engine has.

Faults of one of two replicas (of the engine: of one container) under load of 8 visitors, by GET, and the requests that failed, all of which were under way on it:

| fault | times | requests | failed |
| --- | --- | --- | --- |
${faults.join('\n')}
`,
);
process.exitCode = status ?? 1;
