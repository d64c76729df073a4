import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ed25519KeyId,
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  openCheckpoint,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
} from './signed-note.ts';

// The example key and note of golang.org/x/mod/sumdb/note, on which C2SP signed-note is built (BSD-3-Clause).
const NEUMANN_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const NEUMANN_NOTE =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

const ORIGIN = 'hospital.example/journal';

describe('signed notes', () => {
  it('reads a key and a note that another implementation made', () => {
    const key = parseVerifierKey(sha256, NEUMANN_KEY)!;
    const note = parseNote(NEUMANN_NOTE)!;

    expect(formatVerifierKey(sha256, key.name, key.publicKey)).toBe(NEUMANN_KEY);
    expect(note.signatures[0]).toMatchObject({ name: 'PeterNeumann', keyId: key.keyId });
    expect(verifyEd25519(key.publicKey, utf8(note.text), note.signatures[0]!.signature)).toBe(true);
    expect(formatNote(note)).toBe(NEUMANN_NOTE);
  });

  it.each([
    ['no blank line', 'text\n— a AAAAAAAA\n'],
    ['no last newline', 'text\n\n— a AAAAAAAA'],
    ['no signature', 'text\n\n'],
    ['a hyphen for the dash', 'text\n\n- a AAAAAAAA\n'],
    ['a tab in the text', 'te\txt\n\n— a AAAAAAAA\n'],
    ['a signature too short for its key id', 'text\n\n— a AAAA\n'],
    ['base64 that would be written otherwise', 'text\n\n— a AAAAAAB=\n'],
    ['a plus in the name', 'text\n\n— a+b AAAAAAAA\n'],
    ['nothing signed', '\n\n— a AAAAAAAA\n'],
    ['101 signatures', `text\n\n${'— a AAAAAAAA\n'.repeat(101)}`],
  ])('does not read a note with %s', (_why, note) => {
    expect(parseNote(note)).toBeUndefined();
  });

  it.each([
    ['another key id', NEUMANN_KEY.replace('c74f20a3', 'c74f20a4')],
    ['another name', NEUMANN_KEY.replace('Peter', 'Petra')],
    ['another key', NEUMANN_KEY.replace('ARpc2', 'ARpc3')],
    ['another algorithm', NEUMANN_KEY.replace('ARpc2', 'AhpcA')],
    ['two parts', 'PeterNeumann+c74f20a3'],
  ])('does not read a verifier key with %s', (_why, key) => {
    expect(parseVerifierKey(sha256, key)).toBeUndefined();
  });

  it.each([
    ['a leading zero', `${ORIGIN}\n01\n${'A'.repeat(43)}=\n`],
    ['a sign', `${ORIGIN}\n-1\n${'A'.repeat(43)}=\n`],
    ['a size that is not exact', `${ORIGIN}\n9007199254740993\n${'A'.repeat(43)}=\n`],
    ['a short root', `${ORIGIN}\n1\nAAAA\n`],
    ['no origin', `\n1\n${'A'.repeat(43)}=\n`],
    ['an extension line', `${ORIGIN}\n1\n${'A'.repeat(43)}=\nmore\n`],
  ])('does not read a checkpoint with %s', (_why, text) => {
    expect(parseCheckpoint(text)).toBeUndefined();
  });

  it('R101: opens a checkpoint for its own key alone', () => {
    const log = signerOf(ORIGIN);
    const stranger = signerOf('stranger.example');
    const sameName = signerOf(ORIGIN);
    const text = formatCheckpoint({ origin: ORIGIN, size: 7, root: sha256(utf8('root')) });

    expect(open(log, formatNote({ text, signatures: [log.sign(text)] }))).toMatchObject({ origin: ORIGIN, size: 7 });
    expect(open(log, formatNote({ text, signatures: [stranger.sign(text), log.sign(text)] }))).toMatchObject({ size: 7 });
    expect(open(log, formatNote({ text, signatures: [stranger.sign(text)] }))).toBeUndefined();
    expect(open(log, formatNote({ text, signatures: [sameName.sign(text)] }))).toBeUndefined();
    // A known key under another name than the log's vouches for nothing here.
    expect(open(stranger, formatNote({ text, signatures: [stranger.sign(text)] }))).toBeUndefined();
    const forged = { ...log.sign(text), signature: sameName.sign(text).signature };
    expect(open(log, formatNote({ text, signatures: [forged, log.sign(text)] }))).toBeUndefined();
  });

  it('R101: no checkpoint opens after any one bit of its note has changed', () => {
    const log = signerOf(ORIGIN);
    const text = formatCheckpoint({ origin: ORIGIN, size: 70_000, root: sha256(utf8('root')) });
    const note = Buffer.from(formatNote({ text, signatures: [log.sign(text)] }));

    for (let bit = 0; bit < note.length * 8; bit++) {
      const changed = Buffer.from(note);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(open(log, changed.toString('utf8'))).toBeUndefined();
    }
  });

  it('what is written is read back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (size, root) => {
        expect(parseCheckpoint(formatCheckpoint({ origin: ORIGIN, size, root }))).toEqual({ origin: ORIGIN, size, root });
      }),
    );
  });
});

function open(log: ReturnType<typeof signerOf>, note: string) {
  return openCheckpoint(sha256, verifyEd25519, [parseVerifierKey(sha256, log.verifierKey)!], note);
}

function signerOf(name: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'));
  return {
    verifierKey: formatVerifierKey(sha256, name, raw),
    sign: (text: string) => ({
      name,
      keyId: ed25519KeyId(sha256, name, raw),
      signature: new Uint8Array(sign(null, Buffer.from(text), privateKey)),
    }),
  };
}

function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url');
  return verify(null, message, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), signature);
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
