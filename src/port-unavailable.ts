/** Why a port cannot be listened on, as a person can act on it: in the same words for the proxy's and the API's. */

/** Whose port it is, as its flags begin. */
export type Listener = 'http' | 'api';

export class PortUnavailable extends Error {
  override readonly name = 'PortUnavailable';
  readonly listener: Listener;
  readonly code: 'taken' | 'not-permitted' | 'no-address' | 'other';
  readonly hint: string;
  constructor(message: string, listener: Listener, code: PortUnavailable['code'], hint: string) {
    super(message);
    this.listener = listener;
    this.code = code;
    this.hint = hint;
  }
}

/**
 * @param what the port, e.g. `127.0.0.1:80`
 * @returns the error itself if it is none of the system's
 */
export function explainListen(error: NodeJS.ErrnoException, listener: Listener, what: string): Error {
  const because = (message: string, code: PortUnavailable['code'], hint: string): PortUnavailable =>
    new PortUnavailable(message, listener, code, hint);
  const other = `choose another with --${listener}-port`;
  switch (error.code) {
    case 'EADDRINUSE':
      return because(`${what} is taken by another program`, 'taken', `end it, or ${other}`);
    case 'EACCES': {
      const allow = 'allow low ports: sysctl net.ipv4.ip_unprivileged_port_start=80';
      return because(`${what} is not permitted for this user`, 'not-permitted', `${other}, or ${allow}`);
    }
    case 'EADDRNOTAVAIL': {
      const address = (error as { address?: string }).address ?? what;
      // Not for the API, which commands the engine: all addresses of it are for those who know why.
      const all = listener === 'http' ? ', or 0.0.0.0 for all' : '';
      const hint = `name one of its addresses with --${listener}-host${all}`;
      return because(`${address} is no address of this machine`, 'no-address', hint);
    }
    default:
      if (!/^E(?!RR_)[A-Z0-9]+$/.test(error.code ?? '')) return error;
      return because(`${what} cannot be used (${error.message})`, 'other', other);
  }
}
