/** The proxy's own answers: one sentence, as HTML, problem+json (RFC 9457) or text, by what the client accepts. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { isLoopbackPeer, peerAddress } from './client.ts';
import type { ProxySettings } from './messages.ts';

export interface OwnAnswer {
  readonly status: number;
  /** Says why; shown to those whom `--explain` allows. */
  readonly sentence: string;
  readonly retryAfter?: number | undefined;
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
  // What is left of the request's body would be read as the next request; a client that still sends is cut off.
  if (own.close === true || hasBody(req)) fields.Connection = 'close';
  res.writeHead(own.status, fields);
  res.end(req.method === 'HEAD' ? undefined : body);
}

/** As bytes, for sockets on which there is no response object: parse errors and upgrades. */
export function rawAnswer(status: number, sentence: string): string {
  const body = `${status} ${STATUS_CODES[status] ?? ''}: ${sentence}\n`;
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    ...(status === 503 ? ['Retry-After: 1'] : []),
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

const hasBody = (req: IncomingMessage): boolean =>
  !req.complete &&
  (req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0);

function render(req: IncomingMessage, own: OwnAnswer, settings: Explaining): { type: string; body: string } {
  const title = STATUS_CODES[own.status] ?? 'Error';
  const explained = isExplained(req, settings.explain);
  const sentence = explained ? own.sentence : '';
  const accept = req.headers.accept ?? '';
  if (/\bapplication\/(problem\+)?json\b/i.test(accept)) {
    const problem = { type: 'about:blank', title, status: own.status, ...(sentence && { detail: sentence }) };
    return { type: 'application/problem+json', body: `${JSON.stringify(problem)}\n` };
  }
  if (/\btext\/html\b/i.test(accept)) {
    return {
      type: 'text/html; charset=utf-8',
      body: page(own.status, title, sentence, explained ? settings.apiUrl : ''),
    };
  }
  return {
    type: 'text/plain; charset=utf-8',
    body: `${own.status} ${title}${sentence && `: ${sentence}`}\n`,
  };
}

/** `local`: a peer on loopback that speaks for itself, to a name that only resolves on this machine. */
export function isExplained(req: IncomingMessage, explain: ProxySettings['explain']): boolean {
  if (explain !== 'local') return explain === 'always';
  const { headers } = req;
  const forwarded = headers['x-forwarded-for'] ?? headers.forwarded ?? headers['x-real-ip'];
  const host = (headers.host ?? '').replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
  const local = host === 'localhost' || host.endsWith('.localhost');
  return isLoopbackPeer(peerAddress(req.socket.remoteAddress)) && forwarded === undefined && local;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character]!);

function page(status: number, title: string, sentence: string, apiUrl: string): string {
  const link = apiUrl === '' ? '' : `<p><a href="${escapeHtml(apiUrl)}">What Portolan knows</a></p>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${status} ${escapeHtml(title)}</title>
<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem}
h1{font-size:1.3rem}small{opacity:.7}</style></head>
<body><main><h1>${status} ${escapeHtml(title)}</h1><p>${escapeHtml(sentence)}</p>${link}<small>Portolan</small></main></body></html>
`;
}
