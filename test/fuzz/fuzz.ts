/** Runs the fuzzer for a time: seeded, bounded, each finding with the seed that makes it again. */
import type { TestProxy } from '../proxy/in-process.ts';
import { entryOf, routeOf, startProxy, targetOf } from '../proxy/in-process.ts';
import { listen, mismatch, startSpeaker } from './answers.ts';
import { answer, createRandom, host, mutated, pieces, request } from './generate.ts';
import { disagreement, startRecorder, throwAt } from './requests.ts';

export interface Finding {
  readonly kind: 'request' | 'answer';
  readonly seed: number;
  readonly bytes: string;
  readonly why: string;
}

export interface Findings {
  readonly requests: number;
  readonly answers: number;
  /** Messages that reached a backend. */
  readonly forwarded: number;
  /** Answers that were passed on as they were. */
  readonly passed: number;
  readonly findings: readonly Finding[];
}

/** @param milliseconds for each of the two halves @param most cases of each */
export async function fuzz(
  seed: number,
  milliseconds: number,
  most = Number.POSITIVE_INFINITY,
): Promise<Findings> {
  const asked = await fuzzRequests(seed, milliseconds, most);
  const said = await fuzzAnswers(seed, milliseconds, most);
  return { ...asked, ...said, findings: [...asked.findings, ...said.findings] };
}

async function fuzzRequests(seed: number, milliseconds: number, most: number) {
  const recorder = await startRecorder();
  const proxy = await proxyTo(recorder.port);
  const findings: Finding[] = [];
  const end = performance.now() + milliseconds;
  let requests = 0;
  let forwarded = 0;
  try {
    for (; performance.now() < end && requests < most; requests += 1) {
      const random = createRandom(seed + requests);
      const second = random.chance(0.2) ? request(random) : '';
      const bytes = mutated(random, request(random)) + second;
      // Some leave at once, and race with what they asked for.
      await throwAt(proxy.port, pieces(random, bytes), random.pick([0, 12, 12]));
      const seen = recorder.take();
      forwarded += seen.reduce((sum, one) => sum + one.messages.length, 0);
      const why = disagreement(bytes, seen);
      if (why !== null) findings.push({ kind: 'request', seed: seed + requests, bytes, why });
    }
  } finally {
    await proxy.close();
    await recorder.close();
  }
  return { requests, forwarded, findings };
}

async function fuzzAnswers(seed: number, milliseconds: number, most: number) {
  const speaker = await startSpeaker();
  const proxy = await proxyTo(speaker.port);
  const findings: Finding[] = [];
  const end = performance.now() + milliseconds;
  let answers = 0;
  let passed = 0;
  const ordinary = `GET /ordinary HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  try {
    for (; performance.now() < end && answers < most; answers += 1) {
      const random = createRandom(seed + answers);
      const bytes = mutated(random, answer(random));
      const closed = random.chance(0.7);
      const method = random.pick(['GET', 'GET', 'GET', 'HEAD']);
      const find = (why: string): void =>
        void findings.push({ kind: 'answer', seed: seed + answers, bytes, why });
      speaker.say(pieces(random, bytes), closed);
      const heard = await listen(proxy.port, `${method} /fuzz HTTP/1.1\r\nHost: ${host}\r\n\r\n`, method);
      const why = mismatch(bytes, closed, method, heard);
      if (why !== null) find(why);
      if (!/^HTTP\/1\.1 50[24]/.test(heard.bytes)) passed += 1;
      // Whoever asks next must not get what is left of it.
      const after = await listen(proxy.port, ordinary, 'GET');
      if (!after.bytes.endsWith('\r\n\r\nordinary'))
        find(`the next one got ${JSON.stringify(after.bytes.slice(-200))}`);
    }
  } finally {
    await proxy.close();
    await speaker.close();
  }
  return { answers, passed, findings };
}

const proxyTo = (port: number): Promise<TestProxy> =>
  startProxy([entryOf(host, [routeOf([targetOf({ port, address: '127.0.0.1' })])])], {
    limits: { headersTimeout: 1_000, idleTimeout: 1_000, firstByteTimeout: 300 },
  });
