/** Addresses of machines, as texts hold them. */

/** As it stands before a port, and in a URL: IPv6 in brackets (RFC 3986 3.2.2). */
export const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);
