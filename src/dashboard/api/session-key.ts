/**
 * The key of this browser's session, without which its cookie is worth nothing: kept where only pages of this origin,
 * its port included, can read it.
 */
const name = 'portolan-session-key';

/** Of a one-time link, which leaves it in the address. */
export function takeKeyFromAddress(): void {
  const [, key] = /^#session-key=([\w-]+)$/.exec(location.hash) ?? [];
  if (key === undefined) return;
  history.replaceState(history.state, '', location.pathname + location.search);
  try {
    keepKey(key);
  } catch {
    // A browser that may store nothing: it is not signed in, and the page shows what needs no token.
  }
}

export const keepKey = (key: string): void => localStorage.setItem(name, key);
export const forgetKey = (): void => localStorage.removeItem(name);

/** As a header of each call. */
export function sessionHeader(): Record<string, string> {
  const key = read();
  return key === null ? {} : { 'Portolan-Session-Key': key };
}

function read(): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
