/**
 * Asks Portolan's API without pause, from a process of its own. It stands for people on other machines: what asking costs
 * the asker is no part of a measurement. So it runs only where nobody else wants a core (SCHED_IDLE by `chrt` of util-linux;
 * without that at nice 19, where it takes some of the proxy's time still). It keeps a core awake and its cache in use all the
 * same, so what it takes is told beside the answers.
 */
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';

export interface Askers {
  /** @returns what was asked while the work went on, and what that brought */
  during<T>(work: () => Promise<T>): Promise<Asked & { result: T }>;
  stop(): void;
}

export interface Asked {
  /** Questions that were answered. */
  readonly answered: number;
  /** Seconds of CPU that the asking took. */
  readonly cpu: number;
}

/** @param count each with one question at a time */
export function startAskers(api: { port: number; token: string }, count: number): Askers {
  const child = fork(import.meta.filename, ['ask', String(api.port), api.token, String(count)]);
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`who asked has ended with ${code}`);
  });
  failed.catch(() => undefined);
  return {
    async during(work) {
      child.send('ask');
      const result = await Promise.race([work(), failed]);
      child.send('halt');
      const [asked] = (await Promise.race([once(child, 'message'), failed])) as [Asked];
      return { ...asked, result };
    },
    stop: () => void child.kill(),
  };
}

if (process.argv[2] === 'ask') await serve();

async function serve(): Promise<void> {
  giveWay();
  const [port, token, count] = process.argv.slice(3) as [string, string, string];
  const get = async (path: string): Promise<{ status: number; body: string }> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: response.status, body: await response.text() };
  };
  const { position: head } = JSON.parse((await get('/log')).body) as { position: number };
  const routes = JSON.parse((await get('/routes?limit=1000')).body) as {
    items: { match: { host: string } }[];
  };
  let turn = 0;
  const next = (): string => {
    turn += 1;
    const { host } = routes.items[(turn * 7_919) % routes.items.length]!.match;
    const at = `position:${1 + ((turn * 104_729) % head)}`;
    const paths = [
      `/hosts/${host}?at=${at}`,
      `/hosts/${host}/why?at=${at}`,
      `/hosts/${host}/history`,
      `/routes?at=${at}&limit=100`,
      `/events?host=${host}&order=desc`,
    ];
    return paths[turn % paths.length]!;
  };
  for (;;) {
    await once(process, 'message');
    const halted = once(process, 'message');
    let going = true;
    void halted.then(() => {
      going = false;
    });
    let answered = 0;
    const before = process.cpuUsage();
    const ask = async (): Promise<void> => {
      while (going) {
        // 404 is an answer, too: the host was not known yet then.
        const { status, body } = await get(next());
        if (status >= 500) throw new Error(`${status}: ${body}`);
        answered += 1;
      }
    };
    await Promise.all(Array.from({ length: Number(count) }, ask));
    const { user, system } = process.cpuUsage(before);
    process.send!({ answered, cpu: (user + system) / 1e6 } satisfies Asked);
  }
}

function giveWay(): void {
  setPriority(19);
  try {
    execFileSync('chrt', ['--all-tasks', '--idle', '--pid', '0', String(process.pid)]);
  } catch (error) {
    console.error(`who asks takes some of the proxy's time: ${(error as Error).message}`);
  }
}
