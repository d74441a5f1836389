/** What went wrong with TLS on the way to the engine, in words that name the file or the name to mend. */

interface Explained {
  readonly says: string;
  readonly hint: string;
}

const otherFiles =
  'ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH have to be those that were made for this engine';
const badAuthority: Explained = {
  says: 'its certificate was not signed by an authority in ca.pem',
  hint: otherFiles,
};
const notTls: Explained = {
  says: 'what listens there does not speak TLS',
  hint: 'is it the port of TLS (2376)? Without TLS: unset DOCKER_TLS_VERIFY and DOCKER_CERT_PATH',
};

/** The codes of Node's TLS: https://nodejs.org/api/tls.html#x509-certificate-error-codes. */
const byCode: Readonly<Record<string, Explained>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: badAuthority,
  UNABLE_TO_GET_ISSUER_CERT: badAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: badAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: badAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: badAuthority,
  CERT_SIGNATURE_FAILURE: badAuthority,
  CERT_HAS_EXPIRED: { says: 'its certificate has expired', hint: "renew the engine's certificate" },
  CERT_NOT_YET_VALID: {
    says: 'its certificate is not valid yet',
    hint: 'compare the clocks of both machines',
  },
};

/** Null if the failure is not one of TLS. `message`: Node's. */
export function explainTls(code: string, message: string): Explained | null {
  const known = byCode[code];
  if (known !== undefined) return known;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const [, names] = /is not (?:in the cert's altnames|cert's CN): (.+)$/s.exec(message) ?? [];
    return {
      says: `its certificate is for another name (${names ?? message})`,
      hint: 'name it in DOCKER_HOST as its certificate does',
    };
  }
  const [, alert] = /tls alert ([\w ]+):/i.exec(message) ?? [];
  if (alert !== undefined)
    return {
      says: `it refuses the certificate in cert.pem (TLS alert: ${alert})`,
      hint: otherFiles,
    };
  return /wrong version number|packet length too long/.test(message) ? notTls : null;
}
