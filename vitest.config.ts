import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // On two cores: most of what they do is to wait, for engines and browsers.
    maxWorkers: 3,
    testTimeout: 120_000,
    // A real engine and a real browser on a machine that others use, too: one hiccup in two thousand tests is not a failure.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
  },
});
