/** Runs a table of raw requests: what the client got, and what of it a lenient backend saw. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  entryOf,
  routeOf,
  startProxy,
  type TestProxy,
  type TestProxyOptions,
  targetOf,
} from '../proxy/in-process.ts';
import { ask, openClient, type RawBackend, type SeenRequest, startBackend } from '../support/raw-http.ts';

export interface RequestCase {
  readonly name: string;
  readonly send: string;
  readonly status: number;
  /** What reached the upstream: nothing unless said otherwise. */
  readonly seen?: (request: SeenRequest) => void;
  /** Whether the proxy ends the connection after its answer; not looked at unless said. */
  readonly closes?: boolean;
}

export const host = 'web.docker.localhost';
export const H = `Host: ${host}\r\n`;

export function describeRequests(
  area: string,
  cases: readonly RequestCase[],
  options: TestProxyOptions = {},
): void {
  describe(area, () => {
    let backend: RawBackend;
    let proxy: TestProxy;
    beforeAll(async () => {
      backend = await startBackend();
      const target = targetOf(backend);
      const paths = [routeOf([target], '/api'), routeOf([target])];
      const hosts = [entryOf(host, [routeOf([target])]), entryOf('paths.docker.localhost', paths)];
      proxy = await startProxy(hosts, options);
    });
    afterAll(async () => {
      await proxy.close();
      await backend.close();
    });

    for (const one of cases) {
      test(one.name, async () => {
        backend.clear();
        const client = await openClient(proxy.port);
        client.send(one.send);
        const answer = await client.answer(/^[A-Z]+/.exec(one.send)?.[0] ?? 'GET');
        expect(answer.status, answer.body).toBe(one.status);
        if (one.closes === true) {
          expect(answer.field('connection')).toBe('close');
          await client.closed();
        }
        // Whatever was on its way to the upstream has arrived once a later request has.
        await ask(proxy.port, `GET /sentinel HTTP/1.1\r\n${H}\r\n`);
        client.close();
        const requests = backend.requests.filter(({ line }) => !line.startsWith('GET /sentinel '));
        expect(requests.map(({ line }) => line)).toHaveLength(one.seen === undefined ? 0 : 1);
        if (one.seen !== undefined) one.seen(requests[0]!);
        else expect(backend.bytes()).not.toContain('smuggled');
      });
    }
  });
}

/** The request reached the upstream with this line. */
export const line = (expected: string) => (request: SeenRequest) => expect(request.line).toBe(expected);
