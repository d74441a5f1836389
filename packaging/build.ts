/**
 * Compiles what a package holds: Node strips no types below `node_modules`. `build/` is as deep as `src/`, so that
 * paths to migrations and package.json hold in both. The dashboard is built with it.
 */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const build = join(root, 'build');

rmSync(build, { recursive: true, force: true });
run(join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.build.json'));
for (const file of globSync('**/*.js', { cwd: build })) nameCompiled(join(build, file));
run(join(root, 'src/dashboard/build.ts'));

function run(script: string, ...args: string[]): void {
  execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 2, 2] });
}

/** The compiler renames imports, but not the files that threads are started with. */
function nameCompiled(path: string): void {
  const source = readFileSync(path, 'utf8');
  const named = source.replace(/new URL\('(\.[^']+)\.ts'/g, "new URL('$1.js'");
  if (named !== source) writeFileSync(path, named);
}
