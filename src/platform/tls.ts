import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AppError } from '../core/errors.ts';
import type { Config } from './config.ts';

export type TlsSettings = { cert: Buffer; key: Buffer; minVersion: 'TLSv1.2' };

/** Certificate and key of both doors, read once at start; undefined where none are configured. Refuses what is no PEM, and a pair that is none. */
export function readTls(files: Config['tls']): TlsSettings | undefined {
  if (files === undefined) return undefined;
  const [cert, key] = [readFileSync(files.certFile), readFileSync(files.keyFile)];
  const certificate = parsed('COUNTERSIGN_TLS_CERT is no certificate in PEM', () => new X509Certificate(cert));
  const privateKey = parsed('COUNTERSIGN_TLS_KEY is no private key in PEM without a passphrase', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey))
    throw new AppError('config_invalid', 'COUNTERSIGN_TLS_KEY is not the key of the first certificate in COUNTERSIGN_TLS_CERT');
  // NIST SP 800-52r2 §3.1: nothing below TLS 1.2.
  return { cert, key, minVersion: 'TLSv1.2' };
}

function parsed<T>(complaint: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new AppError('config_invalid', complaint, { cause });
  }
}
