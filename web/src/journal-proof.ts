import { verifyConsistency, verifyInclusion } from '../../src/core/merkle.ts';
import { type Checkpoint, openCheckpoint, parseCheckpoint, parseNote, parseVerifierKey } from '../../src/core/signed-note.ts';
import { ApiError, get } from './api.ts';
import { sha256 } from './sha256.ts';

export type SeenCheckpoint = Checkpoint & { note: string; keys: string[] };
export type ProofStep = { holds: boolean; text: string };

type Inclusion = { leaf?: string; proof: string[] };

/** The log's latest signed promise, and the public keys the server names for it. */
export async function readCheckpoint(): Promise<SeenCheckpoint> {
  const { note, keys } = await get<{ note: string; keys: string[] }>('/api/journal/checkpoint', { accept: 'application/json' });
  const parsed = parseNote(note);
  const checkpoint = parsed && parseCheckpoint(parsed.text);
  if (!parsed || !checkpoint) throw new ApiError(422, 'message_unreadable', 'The checkpoint is not a signed note as C2SP describes it.');
  return { ...checkpoint, note, keys };
}

/**
 * Checks the Ed25519 signature of the note here. `known` are the keys this browser saw before: a key the server names
 * proves nothing by itself, but one that changes without a word is found.
 */
export async function proveSignature(checkpoint: SeenCheckpoint, known: string[] | undefined): Promise<ProofStep> {
  const keys = checkpoint.keys.flatMap((text) => parseVerifierKey(sha256, text) ?? []);
  const message = new TextEncoder().encode(parseNote(checkpoint.note)?.text ?? '');
  const valid = new Set<string>();
  for (const { signature } of parseNote(checkpoint.note)?.signatures ?? []) {
    for (const { publicKey } of keys) if (await isSignedBy(publicKey, message, signature)) valid.add(hexOf(publicKey) + hexOf(signature));
  }
  const opened = openCheckpoint(sha256, (publicKey, _, signature) => valid.has(hexOf(publicKey) + hexOf(signature)), keys, checkpoint.note);
  if (!opened) return { holds: false, text: 'The checkpoint is not signed by the key that the server names for this log.' };
  const names = keys.map((key) => `${key.name}+${key.keyId}`).join(', ');
  if (!known)
    return {
      holds: true,
      text: `The checkpoint is signed by ${names}. This browser sees that key for the first time; compare it with the one your site published.`,
    };
  const same = checkpoint.keys.some((key) => known.includes(key));
  return same
    ? { holds: true, text: `The checkpoint is signed by ${names}, the key this browser saw before.` }
    : { holds: false, text: `The checkpoint is signed by ${names}, which is not the key this browser saw before.` };
}

/** Walks from one entry of the log up to the root of the checkpoint, here, with the proof the server sent. */
export async function proveInclusion(checkpoint: SeenCheckpoint, index: number): Promise<ProofStep> {
  const { proof, leaf } = await get<Inclusion>(`/api/journal/inclusion?index=${index}&size=${checkpoint.size}`);
  const known = leaf ?? (await leafAt(index));
  const holds = verifyInclusion(sha256, {
    index,
    size: checkpoint.size,
    leaf: hashOf(known),
    root: checkpoint.root,
    proof: proof.map(hashOf),
  });
  const steps = `${proof.length} ${proof.length === 1 ? 'hash' : 'hashes'}`;
  return {
    holds,
    text: holds
      ? `Entry ${index.toLocaleString('en-US')} is in the log: its leaf and ${steps} lead to the signed root.`
      : `Entry ${index.toLocaleString('en-US')} does not lead to the signed root with the proof that was sent.`,
  };
}

/** Shows that the log this browser saw before is a beginning of the one it sees now: nothing of it was changed, dropped or reordered. */
export async function proveConsistency(earlier: { size: number; root: string }, now: SeenCheckpoint): Promise<ProofStep> {
  if (earlier.size > now.size) {
    return {
      holds: false,
      text: `This browser saw ${earlier.size.toLocaleString('en-US')} entries before; the log now has fewer. It was rolled back.`,
    };
  }
  const { proof } = await get<{ proof: string[] }>(`/api/journal/consistency?from=${earlier.size}&to=${now.size}`);
  const holds = verifyConsistency(sha256, {
    from: earlier.size,
    to: now.size,
    fromRoot: hashOf(earlier.root),
    toRoot: now.root,
    proof: proof.map(hashOf),
  });
  return {
    holds,
    text: holds
      ? `The ${earlier.size.toLocaleString('en-US')} entries this browser saw before are unchanged and in the same order.`
      : `The ${earlier.size.toLocaleString('en-US')} entries this browser saw before are not a beginning of this log.`,
  };
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function leafAt(index: number): Promise<string> {
  const { entries } = await get<{ entries: { index: number; leaf: string }[] }>(`/api/journal/entries?from=${index}`);
  const entry = entries.find((one) => Number(one.index) === index);
  if (!entry) throw new ApiError(404, 'not_found', 'The log did not send this entry.');
  return entry.leaf;
}

async function isSignedBy(publicKey: Uint8Array, message: Uint8Array<ArrayBuffer>, signature: Uint8Array): Promise<boolean> {
  const key = await crypto.subtle.importKey('raw', new Uint8Array(publicKey), 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', key, new Uint8Array(signature), message);
}

/** 32 bytes from hexadecimal or base64. */
function hashOf(text: string): Uint8Array {
  if (/^[0-9a-f]{64}$/i.test(text)) return Uint8Array.from(text.match(/../g)!, (pair) => Number.parseInt(pair, 16));
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}
