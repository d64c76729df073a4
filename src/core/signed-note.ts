import type { Sha256 } from './merkle.ts';

/** One line under a note: who signed (key name and the first four bytes of the key's hash) and the signature. */
export type NoteSignature = { name: string; keyId: string; signature: Uint8Array };

/** A C2SP signed note: the signed text, newline included, and its signatures. */
export type SignedNote = { text: string; signatures: NoteSignature[] };

/** What a log promises at one moment (C2SP tlog-checkpoint): the root over its first `size` entries. */
export type Checkpoint = { origin: string; size: number; root: Uint8Array };

/** A public key by name, as the text `name+keyid+base64` gives it. Ed25519 alone. */
export type VerifierKey = { name: string; keyId: string; publicKey: Uint8Array };

/** Checks an Ed25519 signature. Passed in, since the browser's and the server's differ. */
export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** C2SP signed-note, Ed25519 keys: the first four bytes of SHA-256(name || 0x0A || 0x01 || public key), in hexadecimal. */
export function ed25519KeyId(sha256: Sha256, name: string, publicKey: Uint8Array): string {
  return hex(sha256(concat(utf8(`${name}\n`), ED25519, publicKey)).subarray(0, 4));
}

/** The verifier key as text. Refuses a name with white space or a plus sign, and a key that is not 32 bytes. */
export function formatVerifierKey(sha256: Sha256, name: string, publicKey: Uint8Array): string {
  if (!isKeyName(name) || publicKey.length !== 32) throw new TypeError('not a name and an Ed25519 key');
  return `${name}+${ed25519KeyId(sha256, name, publicKey)}+${base64(concat(ED25519, publicKey))}`;
}

/** Reads a verifier key; undefined unless its name, key id and algorithm agree. */
export function parseVerifierKey(sha256: Sha256, text: string): VerifierKey | undefined {
  const [, name, keyId, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  const bytes = encoded === undefined ? undefined : fromBase64(encoded);
  if (name === undefined || keyId === undefined || bytes?.length !== 33 || bytes[0] !== ED25519[0] || !isKeyName(name)) return undefined;
  const publicKey = bytes.slice(1);
  return ed25519KeyId(sha256, name, publicKey) === keyId ? { name, keyId, publicKey } : undefined;
}

/** The text a log signs: origin, size and root, one a line. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  const text = `${origin}\n${size}\n${base64(root)}\n`;
  if (parseCheckpoint(text) === undefined) throw new TypeError('not a checkpoint');
  return text;
}

/** Reads a checkpoint's text; undefined when it is not one. Extension lines are refused: this log writes none. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [, origin, digits, encoded] = /^([^\n]+)\n(0|[1-9]\d*)\n([^\n]+)\n$/.exec(text) ?? [];
  const root = encoded === undefined ? undefined : fromBase64(encoded);
  const size = Number(digits);
  if (origin === undefined || root?.length !== 32 || !Number.isSafeInteger(size)) return undefined;
  return { origin, size, root };
}

/** A note with its signatures under it. */
export function formatNote({ text, signatures }: SignedNote): string {
  const lines = signatures.map(({ name, keyId, signature }) => `— ${name} ${base64(concat(fromHex(keyId), signature))}\n`);
  const note = `${text}\n${lines.join('')}`;
  if (parseNote(note)?.text !== text) throw new TypeError('not a note');
  return note;
}

/** Reads a signed note; undefined unless it is formed exactly as C2SP signed-note says, with 1 to 100 signatures. */
export function parseNote(note: string): SignedNote | undefined {
  const split = note.lastIndexOf('\n\n');
  if (split < 1 || !note.endsWith('\n') || !note.isWellFormed() || /[\u0000-\u0009\u000b-\u001f]/.test(note)) return undefined;
  const signatures = note
    .slice(split + 2, -1)
    .split('\n')
    .map(parseSignature);
  if (signatures.length > 100 || signatures.includes(undefined)) return undefined;
  return { text: note.slice(0, split + 1), signatures: signatures as NoteSignature[] };
}

/**
 * The checkpoint of a note that one of `keys` signed under the checkpoint's own origin; undefined otherwise. A bad signature
 * by a known key spoils the note; signatures by strangers are passed over (C2SP signed-note, "Verifying").
 */
export function openCheckpoint(
  sha256: Sha256,
  verify: VerifyEd25519,
  keys: readonly VerifierKey[],
  noteText: string,
): Checkpoint | undefined {
  const note = parseNote(noteText);
  const checkpoint = note && parseCheckpoint(note.text);
  if (!checkpoint) return undefined;
  let signedByLog = false;
  for (const { name, keyId, signature } of note.signatures) {
    const key = keys.find((known) => known.name === name && known.keyId === keyId);
    if (key === undefined) continue;
    if (ed25519KeyId(sha256, key.name, key.publicKey) !== keyId) return undefined;
    if (signature.length !== 64 || !verify(key.publicKey, utf8(note.text), signature)) return undefined;
    signedByLog ||= name === checkpoint.origin;
  }
  return signedByLog ? checkpoint : undefined;
}

// C2SP signed-note signature type of Ed25519.
const ED25519 = Uint8Array.of(1);

function parseSignature(line: string): NoteSignature | undefined {
  const [, name, encoded] = /^— (\S+) (\S+)$/u.exec(line) ?? [];
  const bytes = encoded === undefined ? undefined : fromBase64(encoded);
  if (name === undefined || !isKeyName(name) || bytes === undefined || bytes.length < 5) return undefined;
  return { name, keyId: hex(bytes.subarray(0, 4)), signature: bytes.slice(4) };
}

function isKeyName(name: string): boolean {
  return name !== '' && !/[\s+]/u.test(name);
}

function concat(...pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

// One value has one spelling: what would be written differently is not read.
function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return base64(bytes) === text ? bytes : undefined;
}
