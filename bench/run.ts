/** Runs the benchmarks that are named (`npm run bench -- append`), or all of them, each in a process of its own; flags go to them. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const known = readdirSync(here)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.replace(/\.ts$/, ''));
const given = process.argv.slice(2);
const firstFlag = given.findIndex((one) => one.startsWith('--'));
const asked = firstFlag === -1 ? given : given.slice(0, firstFlag);
const flags = firstFlag === -1 ? [] : given.slice(firstFlag);
const unknown = asked.filter((name) => !known.includes(name));

if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(', ')}; there are: ${known.join(', ')}`);
  process.exit(2);
}

let failed = false;
for (const name of asked.length > 0 ? asked : known) {
  const { status } = spawnSync(process.execPath, [join(here, `${name}.ts`), ...flags], { stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${name} failed`);
    failed = true;
  }
}
process.exitCode = failed ? 1 : 0;
