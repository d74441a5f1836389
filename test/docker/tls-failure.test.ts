/** The messages are those of Node 26, in front of a dockerd 20.10 with `--tlsverify`. */
import { expect, test } from 'vitest';
import { explainTls } from '../../src/docker/tls-failure.ts';

test('an alert of the engine is told as what it refuses, without the words of the library', () => {
  const message =
    '40F3302F4E7F0000:error:0A000412:SSL routines:ssl3_read_bytes:ssl/tls alert bad certificate:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:918:SSL alert number 42\n';
  expect(explainTls('ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', message)).toMatchObject({
    says: 'it refuses the certificate in cert.pem (TLS alert: bad certificate)',
  });
});

test('a certificate for other names tells them', () => {
  const message =
    "Hostname/IP does not match certificate's altnames: Host: engine. is not in the cert's altnames: DNS:localhost, IP Address:127.0.0.1";
  expect(explainTls('ERR_TLS_CERT_ALTNAME_INVALID', message)?.says).toBe(
    'its certificate is for another name (DNS:localhost, IP Address:127.0.0.1)',
  );
});

test('an expired one is told as that', () => {
  expect(explainTls('CERT_HAS_EXPIRED', 'certificate has expired')?.says).toBe('its certificate has expired');
});

test('what is no failure of TLS is left to others', () => {
  expect(explainTls('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:2376')).toBeNull();
});
