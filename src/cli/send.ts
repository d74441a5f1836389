/**
 * One request to the API. Not by `fetch`, which gives up on an answer that is quiet for five minutes: a container may
 * take longer to stop, and longer still to write its next line.
 */
import http from 'node:http';
import https from 'node:https';

export interface Sending {
  readonly method: string;
  readonly headers: http.OutgoingHttpHeaders;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds until the connection must stand. */
const connectTimeout = 10_000;

/** Resolves with the head; the body is to be read. Redirects are not followed. */
export function send(url: string, { method, headers, body, signal }: Sending): Promise<http.IncomingMessage> {
  const { request } = url.startsWith('https:') ? https : http;
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const sent = request(url, { method, headers, agent: false, ...(signal === undefined ? {} : { signal }) });
  const late = Object.assign(new Error('the connection did not stand in time'), { code: 'ETIMEDOUT' });
  const timer = setTimeout(() => sent.destroy(late), connectTimeout);
  sent.once('socket', (socket) => socket.once('connect', () => clearTimeout(timer)));
  sent.once('close', () => clearTimeout(timer));
  sent.once('response', resolve);
  sent.once('error', reject);
  sent.end(body);
  return promise;
}

export async function readText(answer: http.IncomingMessage): Promise<string> {
  answer.setEncoding('utf8');
  let text = '';
  for await (const chunk of answer) text += chunk;
  return text;
}
