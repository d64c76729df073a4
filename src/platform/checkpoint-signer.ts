import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign, verify } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import {
  type Checkpoint,
  ed25519KeyId,
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  openCheckpoint,
  parseVerifierKey,
} from '../core/signed-note.ts';
import { sha256, sha256Hex, toBase64Url } from './digest.ts';

/** Signs this deployment's checkpoints. The private key never leaves the data folder. */
export type CheckpointSigner = {
  /** The log's name, also the name of its key (C2SP tlog-checkpoint). */
  origin: string;
  /** Public keys that ever signed for this folder, newest first; hand the first to whoever verifies. */
  verifierKeys: readonly string[];
  sign(size: number, root: Uint8Array): string;
};

/**
 * The signer of a data folder; makes an Ed25519 key (PKCS #8 PEM, mode 0600) on first use. Refuses a key that others may read.
 * Without `origin` the log is named after its key, so that no two deployments share a name by accident.
 */
export async function openCheckpointSigner(folder: string, options: { origin?: string } = {}): Promise<CheckpointSigner> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const privateKey = await readOrMakeKey(join(folder, 'checkpoint-key.pem'));
  const publicKey = rawPublicKey(privateKey);
  const origin = options.origin ?? `countersign/${sha256Hex(publicKey).slice(0, 12)}`;
  const verifierKey = formatVerifierKey(sha256, origin, publicKey);
  const verifierKeys = await rememberKey(join(folder, 'checkpoint-keys.txt'), verifierKey);
  const keyId = ed25519KeyId(sha256, origin, publicKey);

  return {
    origin,
    verifierKeys,
    sign(size, root) {
      const text = formatCheckpoint({ origin, size, root });
      const signature = new Uint8Array(sign(null, Buffer.from(text), privateKey));
      return formatNote({ text, signatures: [{ name: origin, keyId, signature }] });
    },
  };
}

/** The checkpoint a note promises, when one of these verifier keys signed it; undefined when none did. Throws on a key that is none. */
export function readCheckpoint(note: string, verifierKeys: readonly string[]): Checkpoint | undefined {
  const keys = verifierKeys.map((text) => {
    const key = parseVerifierKey(sha256, text);
    if (key === undefined) throw new AppError('request_invalid', 'a verifier key must read name+keyid+base64');
    return key;
  });
  return openCheckpoint(sha256, verifyEd25519, keys, note);
}

/** Refuses a folder whose keys did not sign the latest checkpoint of the database: processes that share one must share keys, or there are two logs. */
export function requireSameKey(note: string | undefined, { verifierKeys }: CheckpointSigner): void {
  if (note === undefined || readCheckpoint(note, verifierKeys)) return;
  throw new AppError(
    'config_invalid',
    'another key signed the journal of this database: give every process the same data folder, or copies of its checkpoint-key.pem, checkpoint-keys.txt and pseudonym.key',
  );
}

/** Ed25519 (RFC 8032) over raw 32-byte keys. False, never an exception, for a malformed key or signature. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(
      null,
      message,
      createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(publicKey) }, format: 'jwk' }),
      signature,
    );
  } catch {
    return false;
  }
}

async function readOrMakeKey(path: string): Promise<KeyObject> {
  const pem = await readFile(path, 'utf8').catch(absent);
  if (pem === undefined) return makeKey(path);
  if (((await stat(path)).mode & 0o077) !== 0)
    throw new AppError('config_invalid', 'checkpoint-key.pem may be read by others; set its mode to 0600');
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new AppError('config_invalid', 'checkpoint-key.pem is not an Ed25519 key');
  return key;
}

async function makeKey(path: string): Promise<KeyObject> {
  const { privateKey } = generateKeyPairSync('ed25519');
  // Written whole under another name and linked: of two processes that start at once one makes the key, and both read the same.
  const draft = `${path}.${randomUUID()}.new`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(draft, 0o600);
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(draft);
  return readOrMakeKey(path);
}

async function rememberKey(path: string, verifierKey: string): Promise<string[]> {
  const known = ((await readFile(path, 'utf8').catch(absent)) ?? '').split('\n').filter((line) => line !== '');
  if (!known.includes(verifierKey)) {
    const file = await open(path, 'a', 0o644);
    try {
      await file.writeFile(`${verifierKey}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }
  return [verifierKey, ...known.filter((key) => key !== verifierKey).reverse()];
}

function rawPublicKey(privateKey: KeyObject): Uint8Array {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  return new Uint8Array(Buffer.from(x!, 'base64url'));
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
