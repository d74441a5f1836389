#!/usr/bin/env node
/** Says in one line when this Node is too old, before anything that it could not even parse; else starts Portolan. */
'use strict';

const { existsSync } = require('node:fs');
const { join } = require('node:path');

/** In a checkout the sources; in a package, below whose `node_modules` Node strips no types, what was compiled. */
const sources = join(__dirname, '..', 'src', 'main.ts');
const isCheckout = existsSync(sources);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  const wayOut = isCheckout ? 'npm start' : 'npx portolan';
  process.stderr.write(
    `portolan: needs Node 22.18 or newer, this is ${process.versions.node}; run \`${wayOut}\`, which brings its own\n`,
  );
  process.exitCode = 1;
} else {
  // Each thread would else strip the types of what it loads by itself, which costs 20 MB and 100 ms a thread. By
  // environment, as only that reaches the threads; beside the program, where nobody else writes. Without it all works.
  process.env.NODE_COMPILE_CACHE ??= join(__dirname, '..', '.cache', 'compile');
  if (process.argv[2] === 'serve') beFrugal();
  require('node:module').enableCompileCache?.(process.env.NODE_COMPILE_CACHE);
  start(process.argv.slice(2));
}

/** The service carries no command line, and the command line no service. */
async function start(args) {
  const load = (path) => import(isCheckout ? `../src/${path}.ts` : `../build/${path}.js`);
  if (args[0] === 'serve') return (await load('main')).main(args);
  return (await load('cli/program')).runCommandLine(args, require('../package.json').version);
}

/**
 * Replaces this process by one with the settings that a Node takes at its start only, under the same pid: arenas for
 * each thread (glibc) and a young generation of 64 MB would cost 100 MB of memory that is never used again. 30 ms.
 */
function beFrugal() {
  const young = '--max-semi-space-size=4';
  if (process.execve === undefined || process.execArgv.includes(young)) return;
  const args = [process.execPath, young, ...process.execArgv, __filename, ...process.argv.slice(2)];
  process.execve(process.execPath, args, {
    ...process.env,
    MALLOC_ARENA_MAX: process.env.MALLOC_ARENA_MAX ?? '2',
  });
}
