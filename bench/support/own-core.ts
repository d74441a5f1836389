/**
 * Gives the proxy's one worker a processor of its own, and all else that runs here another, as a machine would that has
 * one to spare: what then comes to the worker from questions is Portolan's doing, and no longer the scheduler's. The load
 * and its backend go before the questions. Needs Linux, two processors and `taskset` of util-linux.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

export interface Threads {
  /** The one that ran most since this was made is the worker. */
  giveCoreToBusiest(): void;
}

/** @param pid of a Portolan with one worker, before load is put on it */
export function watchThreads(pid: number): Threads {
  const before = new Map(threadsOf(pid).map(({ tid, ticks }) => [tid, ticks]));
  return {
    giveCoreToBusiest() {
      const threads = threadsOf(pid);
      const taken = ({ tid, ticks }: Thread): number => ticks - (before.get(tid) ?? 0);
      const [worker] = threads
        .filter(({ name }) => name === 'WorkerThread')
        .sort((one, other) => taken(other) - taken(one));
      if (worker === undefined) throw new Error(`process ${pid} has no worker`);
      pin(1, pid, 'all');
      pin(1, process.pid, 'all');
      pin(0, worker.tid);
      // They collect the worker's garbage as well as that of others.
      for (const { tid, name } of threads) if (name.startsWith('node-V8')) pin('0,1', tid);
      setPriority(-20);
    },
  };
}

interface Thread {
  readonly tid: number;
  readonly name: string;
  /** Of the clock, in which it ran. */
  readonly ticks: number;
}

function threadsOf(pid: number): Thread[] {
  return readdirSync(`/proc/${pid}/task`).map((tid) => {
    const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8');
    // The name may hold spaces and brackets; utime and stime are the 12th and 13th field behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const name = readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8').trim();
    return { tid: Number(tid), name, ticks: Number(fields[11]) + Number(fields[12]) };
  });
}

function pin(processors: number | string, id: number, threads?: 'all'): void {
  const flags = threads === 'all' ? ['--all-tasks', '--cpu-list', '--pid'] : ['--cpu-list', '--pid'];
  execFileSync('taskset', [...flags, String(processors), String(id)]);
}
