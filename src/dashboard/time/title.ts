/** What the browser's tab, its history and its bookmarks say: the page, and the moment unless it is live. */
import { type Moment, shortTime } from './moment.ts';

/** @param location path of the page @param instant of the moment, once it is known */
export function titleOf(location: string, at: Moment, instant: number | null): string {
  const [page = '', what = ''] = location.split('/').slice(1);
  const words = { '': 'Routes', events: what === '' ? 'Events' : `Event ${what}` }[page];
  const name = words ?? (decoded(what) || page.charAt(0).toUpperCase() + page.slice(1));
  const when = at === null ? '' : ` at ${instant === null ? at : shortTime(instant)}`;
  return `${name}${when} · Portolan`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
