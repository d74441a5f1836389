/** Holds every import against the layout: who may import whom. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../src');

/** Folder to the folders it may import; a `file` entry allows that one file only. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  events: [],
  routing: ['events'],
  docker: ['events'],
  db: [],
  'port-unavailable.ts': [],
  log: ['events', 'db'],
  control: [
    'events',
    'routing',
    'log',
    'docker/engine.ts',
    'projections',
    'observability/thread-priority.ts',
  ],
  projections: ['events', 'routing', 'log', 'db'],
  queries: ['events', 'routing', 'projections', 'log', 'db', 'observability/thread-priority.ts'],
  proxy: ['routing', 'events', 'port-unavailable.ts'],
  api: [
    'queries',
    'control/port.ts',
    'control/errors.ts',
    'events',
    'docker/engine.ts',
    'log/port.ts',
    'routing',
    'port-unavailable.ts',
  ],
  'engine-simulator': ['events'],
  observability: [],
  dashboard: [],
  cli: [
    'queries/port.ts',
    'events',
    'routing/nearest.ts',
    'log/verify-log.ts',
    'log/verify.ts',
    'log/lost-log.ts',
    'log/export.ts',
    'log/import.ts',
    'log/read.ts',
    'log/path.ts',
    'log/port.ts',
    // The doctor looks at the engine as the service does, with the service's own settings.
    'docker',
    'config.ts',
  ],
};
/** The composition root and the process around it see all. */
const roots = [
  'app.ts',
  'serving.ts',
  'inherit.ts',
  'recording.ts',
  'following.ts',
  'answering.ts',
  'managing.ts',
  'main.ts',
  'config.ts',
  'settings.ts',
];
/** The demo's entry points put the simulator beside the app. */
const demo = ['engine-simulator/demo.ts', 'engine-simulator/serve.ts'];

const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /(?<!\.d)\.tsx?$/.test(file),
);

function importsOf(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  const specifiers = [
    ...source.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g),
    ...source.matchAll(/new URL\('(\.[^']+\.ts)'/g),
  ];
  return specifiers.map(([, path]) => relative(root, resolve(root, dirname(file), path!)));
}

describe('the layout', () => {
  test('has files to check', () => expect(files.length).toBeGreaterThan(30));

  for (const file of files.filter((name) => !roots.includes(name) && !demo.includes(name))) {
    test(`${file} imports only what its folder may`, () => {
      const folder = file.split('/')[0]!;
      const permitted = allowed[folder];
      expect(permitted, `folder ${folder} is not in the table`).toBeDefined();
      const wrong = importsOf(file).filter(
        (path) =>
          !path.startsWith(`${folder}/`) &&
          !permitted!.some((one) => path === one || path.startsWith(`${one}/`)),
      );
      expect(wrong).toEqual([]);
    });
  }

  test('only the demo imports the engine simulator', () => {
    const users = files.filter(
      (file) =>
        !file.startsWith('engine-simulator/') &&
        importsOf(file).some((path) => path.startsWith('engine-simulator')),
    );
    expect(users).toEqual([]);
  });

  test('the pure heart reaches for no clock, randomness or I/O', () => {
    const impure = files
      .filter((file) => file.startsWith('routing/'))
      .filter((file) =>
        /Date\.now|Math\.random|process\.|node:(fs|net|http|timers)|setTimeout/.test(
          readFileSync(join(root, file), 'utf8'),
        ),
      );
    expect(impure).toEqual([]);
  });

  test('there are no barrel files and no default exports', () => {
    const wrong = files.filter((file) => {
      const source = readFileSync(join(root, file), 'utf8');
      return /\/?index\.ts$/.test(file) || /^export \* from/m.test(source) || /^export default/m.test(source);
    });
    expect(wrong).toEqual([]);
  });
});
