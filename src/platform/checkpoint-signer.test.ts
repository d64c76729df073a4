import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCheckpointSigner, readCheckpoint, verifyEd25519 } from './checkpoint-signer.ts';
import { sha256 } from './digest.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signer-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('checkpoint signer', () => {
  it('R101: signs what its verifier key opens, and keeps its key over a restart', async () => {
    const first = await openCheckpointSigner(folder);
    const again = await openCheckpointSigner(folder);
    const root = sha256('root');

    const note = first.sign(12, root);

    expect(again).toMatchObject({ origin: first.origin, verifierKeys: first.verifierKeys });
    expect(again.sign(12, root)).toBe(note);
    expect(readCheckpoint(note, [first.verifierKeys[0]!])).toEqual({ origin: first.origin, size: 12, root });
    expect(readCheckpoint(note.replace('\n12\n', '\n13\n'), first.verifierKeys)).toBeUndefined();
  });

  it('is one key where processes start at once', async () => {
    const signers = await Promise.all(Array.from({ length: 8 }, () => openCheckpointSigner(folder)));

    expect(new Set(signers.map((signer) => signer.verifierKeys[0])).size).toBe(1);
    expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  it('keeps the private key to its owner, as PEM, and refuses one that others may read', async () => {
    await openCheckpointSigner(folder);
    const path = join(folder, 'checkpoint-key.pem');

    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    chmodSync(path, 0o640);
    await expect(openCheckpointSigner(folder)).rejects.toMatchObject({ code: 'config_invalid' });
  });

  it('a lost key makes a new one; what the old one signed can still be verified', async () => {
    const old = await openCheckpointSigner(folder, { origin: 'hospital.example/journal' });
    const note = old.sign(1, sha256('1'));
    rmSync(join(folder, 'checkpoint-key.pem'));

    const fresh = await openCheckpointSigner(folder, { origin: 'hospital.example/journal' });

    expect(fresh.verifierKeys).toHaveLength(2);
    expect(readCheckpoint(note, fresh.verifierKeys)).toMatchObject({ size: 1 });
    expect(readCheckpoint(note, fresh.verifierKeys.slice(0, 1))).toBeUndefined();
  });

  it('a malformed key or signature is false, not an exception', () => {
    expect(verifyEd25519(new Uint8Array(3), sha256(''), new Uint8Array(64))).toBe(false);
    expect(verifyEd25519(new Uint8Array(32), sha256(''), new Uint8Array(3))).toBe(false);
    expect(() => readCheckpoint('', ['nonsense'])).toThrow('verifier key');
  });
});
