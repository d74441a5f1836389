#!/usr/bin/env node
/** Says in one line when this Node is too old, before anything that it could not even parse. */
'use strict';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `portolan: needs Node 22.18 or newer, this is ${process.versions.node}; run \`npm start\`, which brings its own\n`,
  );
  process.exitCode = 1;
} else {
  require('node:module').enableCompileCache?.();
  import('../src/main.ts').then(({ main }) => main(process.argv.slice(2)));
}
