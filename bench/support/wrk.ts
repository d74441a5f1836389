/** Load by wrk: 64 connections, one thread; what it counted. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { benchHost } from './peers.ts';

export interface Load {
  readonly port: number;
  readonly path?: string;
  readonly seconds: number;
  /** Bytes of a body to post; GET without. */
  readonly post?: number;
  /** A connection for each request. */
  readonly close?: boolean;
  /** Requests a second at most, at odd moments; as many as it can without. */
  readonly rate?: number;
  readonly folder: string;
}

export interface Counted {
  readonly requests: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly errors: number;
  /** Milliseconds. */
  readonly p99: number;
}

const connections = 64;

/** Each connection waits for a random time before its next request, so that they come as strangers' would. */
const script = ({ post, rate }: Load): string => `
${post === undefined ? '' : `wrk.method = "POST"; wrk.body = string.rep("x", ${post})`}
${rate === undefined ? '' : `function delay() return math.floor(-math.log(1 - math.random()) * ${(connections / rate) * 1_000} + 0.5) end`}
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"seconds":%f,"bytes":%d,"errors":%d,"p99":%f}\\n', summary.requests,
    summary.duration / 1e6, summary.bytes, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(99) / 1e3))
end
`;

export async function wrk(load: Load): Promise<Counted> {
  const file = join(load.folder, 'load.lua');
  writeFileSync(file, script(load));
  const fields = ['-H', `Host: ${benchHost}`, ...(load.close === true ? ['-H', 'Connection: close'] : [])];
  const url = `http://127.0.0.1:${load.port}${load.path ?? '/'}`;
  const given = ['-t1', `-c${connections}`, `-d${load.seconds}s`, '-s', file, ...fields, url];
  const { stdout } = await promisify(execFile)('wrk', given);
  const counted = stdout.split('\n').find((line) => line.startsWith('{'));
  if (counted === undefined) throw new Error(`wrk said nothing that is understood: ${stdout}`);
  return JSON.parse(counted) as Counted;
}
