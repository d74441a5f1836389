/** The page of the proxy's own answers, in the looks of the dashboard: one request, nothing from elsewhere. */
import type { LastInterval } from './messages.ts';

export interface ErrorPage {
  readonly status: number;
  readonly title: string;
  /** Empty for those to whom nothing is explained. */
  readonly sentence: string;
  readonly host: string;
  /** Of the Host header, as `:8000`; empty where it has none. */
  readonly port: string;
  /** Known hosts that may have been meant. */
  readonly near: readonly string[];
  /** Where the host went last, newest first. */
  readonly intervals: readonly LastInterval[];
  /** Of the dashboard; empty for those to whom nothing is explained. */
  readonly apiUrl: string;
}

const style = `:root{color-scheme:light dark;--paper:light-dark(#faf7f0,#0f181d);--sheet:light-dark(#fffdf9,#162229);
--ink:light-dark(#1a2931,#e7edea);--faint:light-dark(#4f5c62,#a5b3b7);--line:light-dark(#dfd7c6,#2a3942);
--accent:light-dark(#1c4a61,#93c6da);--down:light-dark(#a5321a,#ff9c7d)}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 "Source Sans 3 Variable",system-ui,sans-serif}
main{box-sizing:border-box;width:min(40rem,100% - 2rem);margin:14vh auto 2rem;padding:1.4rem 1.6rem;background:var(--sheet);border:1px solid var(--line);border-radius:6px}
h1{margin:0 0 .6rem;font:500 1.5rem/1.2 Alegreya,"Iowan Old Style",Palatino,Georgia,serif}h1 span{color:var(--down)}
p{margin:.6rem 0;overflow-wrap:anywhere}a{color:var(--accent)}ul{margin:.4rem 0;padding-left:1.2rem}
table{width:100%;border-collapse:collapse;font-size:.9375rem}td{padding:.25rem 1rem .25rem 0;border-top:1px solid var(--line);
vertical-align:top;overflow-wrap:anywhere}footer{text-align:center;color:var(--faint);font-size:.875rem}
@media(max-width:34rem){main{margin-top:2rem}tr{display:grid;grid-template-columns:1fr auto}td:first-child{grid-column:1/-1}
td+td{border:0;color:var(--faint)}}`;

export function errorPage({ status, title, host, port, near, intervals, apiUrl, ...own }: ErrorPage): string {
  const sentence = own.sentence.startsWith(host) ? own.sentence : capital(own.sentence);
  const heading = `${status} ${escapeHtml(title)}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${heading}</title><style>${style}</style></head>
<body><main><h1><span>${status}</span> ${escapeHtml(title)}</h1>${sentence && `<p>${escapeHtml(sentence)}</p>`}
${nearHosts(near, port)}${lastIntervals(intervals)}${links(status, host, apiUrl)}</main><footer>Portolan</footer></body></html>
`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const nearHosts = (near: readonly string[], port: string): string =>
  near.length === 0
    ? ''
    : `<p>Known hosts that are near:</p><ul>${near.map((one) => `<li><a href="//${escapeHtml(one + port)}/">${escapeHtml(one)}</a></li>`).join('')}</ul>`;

function lastIntervals(intervals: readonly LastInterval[]): string {
  if (intervals.length === 0) return '';
  const heading = intervals[0]?.to === null ? 'Where it goes, and went before:' : 'It was served before:';
  return `<p>${heading}</p><table>${intervals.map(intervalRow).join('')}</table>`;
}

function intervalRow({ from, to, by, reason }: LastInterval): string {
  const cells = [`${stamp(from)} ${endOf(from, to)}`, by.join(', '), reason ?? ''];
  return `<tr>${cells.map((text) => `<td>${escapeHtml(text)}</td>`).join('')}</tr>`;
}

function endOf(from: string, to: string | null): string {
  if (to === null) return 'UTC to now';
  return `to ${to.slice(0, 10) === from.slice(0, 10) ? clock(to) : stamp(to)} UTC`;
}

/** Of RFC 3339. */
const stamp = (instant: string): string => `${instant.slice(0, 10)} ${clock(instant)}`;
const clock = (instant: string): string => instant.slice(11, 19);

/** Of a host that is known, to its page, which can start a stopped container again. */
function links(status: number, host: string, apiUrl: string): string {
  if (apiUrl === '') return '';
  const all = (text: string): string => `<a href="${escapeHtml(apiUrl)}">${text}</a>`;
  if (status === 404 || !/^[a-z0-9._-]+$/.test(host)) return `<p>${all('All routes')}</p>`;
  const own = `<a href="${escapeHtml(`${apiUrl}routes/${host}`)}">What happened to ${escapeHtml(host)}</a>`;
  return `<p>${own}${status === 503 ? ', and how to start it again' : ''}; ${all('all routes')}</p>`;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character]!);
