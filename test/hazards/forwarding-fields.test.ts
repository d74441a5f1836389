/** Hazard: a client that says it is somebody else, in any spelling of the forwarding fields. */
import { expect } from 'vitest';
import type { SeenRequest } from '../support/raw-http.ts';
import { describeRequests, H, host } from './cases.ts';

const seen = (
  name: string,
  fields: string,
  expected: Readonly<Record<string, readonly string[]>>,
  hostField = H,
) => ({
  name,
  send: `GET / HTTP/1.1\r\n${hostField}${fields}\r\n`,
  status: 200,
  seen(request: SeenRequest) {
    for (const [field, values] of Object.entries(expected)) expect(request.all(field), field).toEqual(values);
  },
});

describeRequests('forwarding fields of a client that is not trusted', [
  seen('all are set', '', {
    'x-forwarded-for': ['127.0.0.1'],
    'x-forwarded-proto': ['http'],
    'x-forwarded-host': [host],
    'x-forwarded-port': ['80'],
    'x-real-ip': ['127.0.0.1'],
    forwarded: [`for=127.0.0.1;host="${host}";proto=http`],
  }),
  seen(
    'the port is that of Host',
    '',
    { 'x-forwarded-port': ['8000'], 'x-forwarded-host': [`${host}:8000`] },
    `Host: ${host}:8000\r\n`,
  ),
  seen('X-Forwarded-For is dropped', 'X-Forwarded-For: 1.2.3.4\r\n', { 'x-forwarded-for': ['127.0.0.1'] }),
  seen('X-Forwarded-For twice is dropped', 'X-Forwarded-For: 1.2.3.4\r\nx-forwarded-FOR: 5.6.7.8\r\n', {
    'x-forwarded-for': ['127.0.0.1'],
  }),
  seen('X-Real-IP is dropped', 'X-Real-IP: 1.2.3.4\r\n', { 'x-real-ip': ['127.0.0.1'] }),
  seen('X-Forwarded-Proto is dropped', 'X-Forwarded-Proto: https\r\n', { 'x-forwarded-proto': ['http'] }),
  seen('X-Forwarded-Host is dropped', 'X-Forwarded-Host: evil.example\r\n', { 'x-forwarded-host': [host] }),
  seen('X-Forwarded-Port is dropped', 'X-Forwarded-Port: 443\r\n', { 'x-forwarded-port': ['80'] }),
  seen('X-Forwarded-Server is dropped', 'X-Forwarded-Server: evil\r\n', { 'x-forwarded-server': [] }),
  seen('Forwarded is dropped', 'Forwarded: for=1.2.3.4\r\n', {
    forwarded: [`for=127.0.0.1;host="${host}";proto=http`],
  }),
  seen('X_Forwarded_For is dropped', 'X_Forwarded_For: 1.2.3.4\r\n', { x_forwarded_for: [] }),
  seen('X_Forwarded-For is dropped', 'X_Forwarded-For: 1.2.3.4\r\n', { 'x_forwarded-for': [] }),
  seen('X.Forwarded.For is dropped', 'X.Forwarded.For: 1.2.3.4\r\n', { 'x.forwarded.for': [] }),
  seen('x_forwarded_proto is dropped', 'x_forwarded_proto: https\r\n', { x_forwarded_proto: [] }),
  seen('X_Real_IP is dropped', 'X_Real_IP: 1.2.3.4\r\n', { x_real_ip: [] }),
  ...['X!Forwarded!For', 'X~Real~IP', 'X-Forwarded+Proto', 'x|forwarded|host', 'X*Forwarded*Ssl'].map(
    (name) =>
      seen(`${name} is dropped, as some put the same in place of all that is no letter`, `${name}: 1\r\n`, {
        [name]: [],
      }),
  ),
  ...['X-Forwarded-Ssl', 'X-Forwarded-Scheme', 'X-Forwarded-Prefix', 'x-forwarded-by'].map((name) =>
    seen(`${name} is dropped, as it says more of how the request came`, `${name}: on\r\n`, { [name]: [] }),
  ),
  seen('Proxy is dropped, as CGI would have it as HTTP_PROXY (CVE-2016-5385)', 'Proxy: http://evil\r\n', {
    proxy: [],
  }),
  seen('other fields with underscores stay', 'X_Other_Field: 1\r\n', { x_other_field: ['1'] }),
  seen('Connection naming them takes none away', 'Connection: Forwarded, X-Forwarded-Proto\r\n', {
    'x-forwarded-proto': ['http'],
    forwarded: [`for=127.0.0.1;host="${host}";proto=http`],
  }),
]);

describeRequests(
  'forwarding fields of a trusted proxy',
  [
    seen('the chain is kept and grows', 'X-Forwarded-For: 203.0.113.7, 10.0.0.1\r\n', {
      'x-forwarded-for': ['203.0.113.7, 10.0.0.1, 127.0.0.1'],
    }),
    seen('several fields of it become one', 'X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For: 10.0.0.1\r\n', {
      'x-forwarded-for': ['203.0.113.7, 10.0.0.1, 127.0.0.1'],
    }),
    seen(
      'the client is the last that no trusted proxy is',
      'X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.0.0.1\r\n',
      {
        'x-real-ip': ['203.0.113.7'],
      },
    ),
    seen(
      'a chain of trusted proxies only gives the first of them',
      'X-Forwarded-For: 10.0.0.2, 10.0.0.1\r\n',
      {
        'x-real-ip': ['10.0.0.2'],
      },
    ),
    seen('what is no address ends the chain', 'X-Forwarded-For: 203.0.113.7, unknown, 10.0.0.1\r\n', {
      'x-real-ip': ['10.0.0.1'],
    }),
    seen('ports and brackets are understood', 'X-Forwarded-For: [2001:db8::1]:99, 10.0.0.1:80\r\n', {
      'x-real-ip': ['2001:db8::1'],
    }),
    seen('an IPv4-mapped address is the IPv4 address', 'X-Forwarded-For: ::ffff:203.0.113.7\r\n', {
      'x-real-ip': ['203.0.113.7'],
    }),
    seen('so is one in hexadecimal', 'X-Forwarded-For: ::ffff:cb00:7107\r\n', {
      'x-real-ip': ['203.0.113.7'],
    }),
    // A library throws on this one, which ended the worker: VLANs and bridges have such names.
    seen('a zone with a dot or a dash is one', 'X-Forwarded-For: FE80::1%eth0.10, [fe80::2%br-a]:80\r\n', {
      'x-real-ip': ['fe80::2%br-a'],
    }),
    seen('of a trusted address, too', 'X-Forwarded-For: FE80:0::1%eth0.10, fd00::1%br-a.1\r\n', {
      'x-real-ip': ['fe80::1%eth0.10'],
    }),
    seen('an IPv6 address has one spelling', 'X-Forwarded-For: 2001:DB8:0:0::1\r\n', {
      'x-real-ip': ['2001:db8::1'],
    }),
    seen(
      'what else it says of the request is passed on',
      'X-Forwarded-Ssl: on\r\nConnection: x-forwarded-ssl\r\n',
      {
        'x-forwarded-ssl': ['on'],
      },
    ),
    seen(
      'proto, host and port are believed',
      'X-Forwarded-Proto: https\r\nX-Forwarded-Host: a.example\r\nX-Forwarded-Port: 443\r\n',
      {
        'x-forwarded-proto': ['https'],
        'x-forwarded-host': ['a.example'],
        'x-forwarded-port': ['443'],
      },
    ),
    seen('X-Real-IP is believed where there is no chain', 'X-Real-IP: 203.0.113.7\r\n', {
      'x-real-ip': ['203.0.113.7'],
    }),
    seen('Forwarded grows', 'Forwarded: for=203.0.113.7\r\n', {
      forwarded: [`for=203.0.113.7, for=127.0.0.1;host="${host}";proto=http`],
    }),
    seen('other spellings are dropped all the same', 'X_Forwarded_For: 1.2.3.4\r\n', { x_forwarded_for: [] }),
  ],
  { settings: { trustedProxies: ['127.0.0.0/8', '10.0.0.0/8', 'fd00::/8'] } },
);

describeRequests(
  'forwarding fields where another network is trusted',
  [seen('they are dropped', 'X-Forwarded-For: 1.2.3.4\r\n', { 'x-forwarded-for': ['127.0.0.1'] })],
  { settings: { trustedProxies: ['10.0.0.0/8', '::1'] } },
);

describeRequests('loops', [
  {
    name: 'the proxy meets itself',
    send: `GET / HTTP/1.1\r\n${H}X-Portolan-Hop: test-proxy\r\n\r\n`,
    status: 508,
  },
  {
    name: 'it meets itself through another Portolan',
    send: `GET / HTTP/1.1\r\n${H}X-Portolan-Hop: other, test-proxy\r\n\r\n`,
    status: 508,
  },
  {
    name: 'it meets itself, in a second field',
    send: `GET / HTTP/1.1\r\n${H}X-Portolan-Hop: other\r\nx-portolan-hop: test-proxy\r\n\r\n`,
    status: 508,
  },
  {
    name: 'sixteen others in a row are taken for a loop',
    send: `GET / HTTP/1.1\r\n${H}X-Portolan-Hop: ${Array.from({ length: 16 }, (_, n) => `p${n}`).join(', ')}\r\n\r\n`,
    status: 508,
  },
  {
    name: 'another Portolan in front is none',
    send: `GET / HTTP/1.1\r\n${H}X-Portolan-Hop: other\r\n\r\n`,
    status: 200,
    seen: (request) => expect(request.all('x-portolan-hop')).toEqual(['other, test-proxy']),
  },
  {
    name: 'a websocket that meets itself',
    send: `GET / HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: websocket\r\nX-Portolan-Hop: test-proxy\r\n\r\n`,
    status: 508,
    closes: true,
  },
]);
