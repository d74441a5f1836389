/** Visitors that ask a host again and again over kept connections, and what became of each request. */
import { appendFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Load {
  /** What was not 200, in words. */
  readonly failures: readonly string[];
  /** Answers so far. */
  count(): number;
  /** Resolves after so many more answers; fails after 20 s. */
  more(answers: number): Promise<void>;
  /** Lets requests under way end. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly port: number;
  readonly host: string;
  readonly path?: string;
  readonly visitors?: number;
  /** Milliseconds between two requests of a visitor. */
  readonly pause?: number;
  readonly method?: string;
  /** Sees each answer of 200; what it returns is a failure. */
  readonly check?: (body: string) => string | null;
}

export function startLoad(options: LoadOptions): Load {
  const { visitors = 8, pause = 5, check = () => null } = options;
  const agent = new http.Agent({ keepAlive: true });
  const failures: string[] = [];
  let answers = 0;
  let running = true;

  async function visit(): Promise<void> {
    while (running) {
      const failure = await ask(options, agent)
        .then(({ status, body }) =>
          status === 200 ? check(body) : `${status} ${body.replace(/\s+/g, ' ').slice(0, 200)}`,
        )
        .catch((error: Error) => error.message);
      answers += 1;
      if (failure !== null) failures.push(failure);
      await sleep(pause);
    }
  }

  const ended = Promise.all(Array.from({ length: visitors }, visit));
  return {
    failures,
    count: () => answers,
    async more(wanted) {
      const goal = answers + wanted;
      const deadline = Date.now() + 20_000;
      while (answers < goal) {
        if (Date.now() > deadline) throw new Error(`only ${answers} of ${goal} answers within 20 s`);
        await sleep(5);
      }
    },
    async stop() {
      running = false;
      await ended;
      agent.destroy();
    },
  };
}

/** Counts of a fault under load; `FAULT_REPORT` names a file that gets them. */
export function reportFault(title: string, rounds: number, load: Load): void {
  const failed = load.failures.length;
  const file = process.env['FAULT_REPORT'];
  if (file !== undefined)
    appendFileSync(file, `${JSON.stringify({ title, rounds, requests: load.count(), failed })}\n`);
  process.stderr.write(`${title}: ${rounds} times, ${load.count()} requests, ${failed} failed\n`);
}

function ask(
  { port, host, path = '/', method = 'GET' }: LoadOptions,
  agent: http.Agent,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = {
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: { Host: host },
      agent,
      timeout: 20_000,
    };
    const sent = http.request(request, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, body }));
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer within 20 s')));
    sent.on('error', reject);
    sent.end();
  });
}
