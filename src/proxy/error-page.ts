/** The proxy's own answers: one sentence, as HTML, problem+json (RFC 9457) or text, by what the client accepts. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { isLoopbackPeer, peerAddress } from './client.ts';
import { errorPage } from './error-html.ts';
import { endAfterRest } from './linger.ts';
import type { LastInterval, ProxySettings } from './messages.ts';

export interface OwnAnswer {
  readonly status: number;
  /** Says why; shown to those whom `--explain` allows. */
  readonly sentence: string;
  /** Seconds. */
  readonly retryAfter?: number | undefined;
  /** Known hosts that may have been meant; asked only for a page that shows them. */
  readonly near?: (() => readonly string[]) | undefined;
  /** When the host was served last, newest first; for a page. */
  readonly intervals?: readonly LastInterval[] | undefined;
  /** The request was malformed or ambiguous: nothing more is read from this connection. */
  readonly close?: boolean | undefined;
}

type Explaining = Pick<ProxySettings, 'explain' | 'apiUrl'>;

export function answer(
  req: IncomingMessage,
  res: ServerResponse,
  own: OwnAnswer,
  settings: Explaining,
): void {
  const { type, body } = render(req, own, settings);
  const fields: Record<string, string | number> = {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    Vary: 'Accept',
  };
  if (own.retryAfter !== undefined) fields['Retry-After'] = own.retryAfter;
  if (own.status === 405 || own.status === 200) fields['Allow'] = methods;
  // What is left of the request's body would be read as the next request.
  const sending = !req.complete && mayHaveBody(req);
  if (own.close === true || sending) res.shouldKeepAlive = false;
  res.writeHead(own.status, fields);
  const content = req.method === 'HEAD' ? '' : body;
  if (!sending) {
    res.end(content);
    return;
  }
  res.write(content);
  endAfterRest(req, res);
}

const mayHaveBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;

/** As bytes, for sockets on which there is no response object: parse errors and upgrades. */
export function rawAnswer(status: number, sentence: string, retryAfter?: number): string {
  const title = STATUS_CODES[status] ?? 'Error';
  const body = `${status} ${title}${sentence && `: ${sentence}`}\n`;
  return [
    `HTTP/1.1 ${status} ${title}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    ...(retryAfter === undefined ? [] : [`Retry-After: ${retryAfter}`]),
    ...(status === 405 ? [`Allow: ${methods}`] : []),
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

function render(req: IncomingMessage, own: OwnAnswer, settings: Explaining): { type: string; body: string } {
  const title = STATUS_CODES[own.status] ?? 'Error';
  const explained = isExplained(req, settings.explain);
  const sentence = explained ? own.sentence : '';
  const form = formOf(req);
  if (form === 'json') {
    const problem = { type: 'about:blank', title, status: own.status, ...(sentence && { detail: sentence }) };
    return { type: 'application/problem+json', body: `${JSON.stringify(problem)}\n` };
  }
  if (form === 'html') {
    const near = explained ? (own.near?.() ?? []) : [];
    const intervals = explained ? (own.intervals ?? []) : [];
    const about = { status: own.status, title, sentence, near, intervals };
    const apiUrl = explained ? settings.apiUrl : '';
    return {
      type: 'text/html; charset=utf-8',
      body: errorPage({ ...about, host: hostOf(req), port: portOf(req), apiUrl }),
    };
  }
  const body = `${own.status} ${title}${sentence && `: ${sentence}`}\n`;
  return { type: 'text/plain; charset=utf-8', body };
}

/** Whether the answer would be a page that explains. */
export const isPageShown = (req: IncomingMessage, { explain }: Pick<ProxySettings, 'explain'>): boolean =>
  formOf(req) === 'html' && isExplained(req, explain);

function formOf({ headers }: IncomingMessage): 'json' | 'html' | 'text' {
  const accept = headers.accept ?? '';
  if (/\bapplication\/(problem\+)?json\b/i.test(accept)) return 'json';
  return /\btext\/html\b/i.test(accept) ? 'html' : 'text';
}

const portOf = ({ headers }: IncomingMessage): string => /:\d{1,5}$/.exec(headers.host ?? '')?.[0] ?? '';

const hostOf = ({ headers }: IncomingMessage): string =>
  (headers.host ?? '').replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();

/** `local`: a peer on loopback that speaks for itself, to a name that only resolves on this machine. */
export function isExplained(req: IncomingMessage, explain: ProxySettings['explain']): boolean {
  if (explain !== 'local') return explain === 'always';
  const { headers } = req;
  const forwarded = headers['x-forwarded-for'] ?? headers.forwarded ?? headers['x-real-ip'];
  const host = hostOf(req);
  const local = host === 'localhost' || host.endsWith('.localhost');
  return isLoopbackPeer(peerAddress(req.socket.remoteAddress)) && forwarded === undefined && local;
}
