#!/usr/bin/env node
/** Says in one line when this Node is too old, before anything that it could not even parse. */
'use strict';

const { join } = require('node:path');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `portolan: needs Node 22.18 or newer, this is ${process.versions.node}; run \`npm start\`, which brings its own\n`,
  );
  process.exitCode = 1;
} else {
  // Each thread would else strip the types of what it loads by itself, which costs 20 MB and 100 ms a thread. By
  // environment, as only that reaches the threads; beside the program, where nobody else writes. Without it all works.
  process.env.NODE_COMPILE_CACHE ??= join(__dirname, '..', '.cache', 'compile');
  require('node:module').enableCompileCache?.(process.env.NODE_COMPILE_CACHE);
  import('../src/main.ts').then(({ main }) => main(process.argv.slice(2)));
}
