/** A backend, and a proxy with one route to it: for all tests of a file, or anew for each. */
import { afterAll, afterEach } from 'vitest';
import {
  entryOf,
  routeOf,
  startProxy,
  type TestProxy,
  type TestProxyOptions,
  targetOf,
} from '../proxy/in-process.ts';
import { ok, type RawBackend, type Script, startBackend } from '../support/raw-http.ts';
import { host } from './cases.ts';

/** For all tests of the file; its backend is told what to answer by its `script`. */
export async function oneRoute(): Promise<{ readonly backend: RawBackend; readonly proxy: TestProxy }> {
  const backend = await startBackend();
  const proxy = await startProxy([entryOf(host, [routeOf([targetOf(backend)])])]);
  afterAll(async () => {
    await proxy.close();
    await backend.close();
  });
  return { backend, proxy };
}

/** For each test; what it puts into `ends` is ended after it as well, the last first. */
export function routeOfEach() {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  async function start(
    script: Script = ok,
    options: TestProxyOptions = {},
  ): Promise<[RawBackend, TestProxy]> {
    const backend = await startBackend(script);
    const proxy = await startProxy([entryOf(host, [routeOf([targetOf(backend)])])], options);
    ends.push(backend.close, proxy.close);
    return [backend, proxy];
  }
  return { start, ends };
}
