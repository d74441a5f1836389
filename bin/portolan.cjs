#!/usr/bin/env node
/**
 * Starts Portolan. A Node that is too old is met before anything that it could not even parse: the command line goes on
 * with the Node that came with the package, and the service says in one line what it needs. So this file is written for
 * the oldest that a system still brings, Node 12: it knows no `??=`, no `?.`, and no `node:`.
 */
// biome-ignore-all lint/style/useNodejsImportProtocol: Node 12 loads nothing by such a name.
'use strict';

const { spawn } = require('child_process');
const { existsSync } = require('fs');
const { dirname, join } = require('path');

/** In a checkout the sources; in a package, below whose `node_modules` Node strips no types, what was compiled. */
const sources = join(__dirname, '..', 'src', 'main.ts');
const isCheckout = existsSync(sources);

const [major, minor] = process.versions.node.split('.').map(Number);
const isTooOld = major < 22 || (major === 22 && minor < 18);
const brought = isTooOld ? broughtNode() : null;
const isService =
  process.argv[2] === 'serve' && !process.argv.some((arg) => arg === '--help' || arg === '-h');
if (isTooOld && brought !== null && !isService) {
  goOnWith(brought);
} else if (isTooOld) {
  // Not as a child: whoever ends the service by its pid means the one that holds the ports.
  const wayOut = isCheckout
    ? '`npm start`, which brings its own'
    : brought === null
      ? '`npx portolan`, which brings its own'
      : `it with the Node that came with it: \`${brought} ${__filename} serve\`, and your flags after that`;
  process.stderr.write(
    `portolan: needs Node 22.18 or newer, this is ${process.versions.node}; run ${wayOut}\n`,
  );
  process.exitCode = 1;
} else {
  // Each thread would else strip the types of what it loads by itself, which costs 20 MB and 100 ms a thread. By
  // environment, as only that reaches the threads; beside the program, where nobody else writes. Without it all works.
  const cache = process.env.NODE_COMPILE_CACHE;
  process.env.NODE_COMPILE_CACHE = cache === undefined ? join(__dirname, '..', '.cache', 'compile') : cache;
  if (process.argv[2] === 'serve') beFrugal();
  const { enableCompileCache } = require('module');
  if (enableCompileCache !== undefined) enableCompileCache(process.env.NODE_COMPILE_CACHE);
  start(process.argv.slice(2));
}

/** The Node that was installed beside this program as an optional dependency; null where there is none for this machine. */
function broughtNode() {
  for (const name of [
    `node-${process.platform}-${process.arch}`,
    `node-bin-${process.platform}-${process.arch}`,
  ]) {
    try {
      const path = join(dirname(require.resolve(`${name}/package.json`)), 'bin', 'node');
      if (existsSync(path)) return path;
    } catch {
      // Not this one.
    }
  }
  return null;
}

/** Ends as the child does. A signal of the terminal reaches both, and the child decides; others are handed on. */
function goOnWith(node) {
  const child = spawn(node, [__filename, ...process.argv.slice(2)], { stdio: 'inherit' });
  child.once('error', (error) => {
    process.stderr.write(`portolan: ${node} cannot be run: ${error.message}\n`);
    process.exitCode = 1;
  });
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
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
  process.execve(process.execPath, args, { MALLOC_ARENA_MAX: '2', ...process.env });
}
