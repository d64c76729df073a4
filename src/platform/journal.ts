import { randomBytes } from 'node:crypto';
import { canonicalJson } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import { isJournalKind, type JournalKind } from '../core/journal-kind.ts';
import type { Queryable } from './database.ts';
import { sha256Of } from './digest.ts';

export type { JournalKind } from '../core/journal-kind.ts';

/** One thing that happened. Only `kind`, `actor`, `subject` and `at` enter the log in clear: never a name, a number or a person's id. */
export type JournalRow = {
  kind: JournalKind;
  /** A pseudonym or a part of the system; printable, no spaces. */
  actor: string;
  /** Proposal, receipt, run or job id. */
  subject?: string;
  /** Whom the body is about. Required when the body holds patient data: erasing that person destroys the body. */
  person?: string;
  /** What happened, as plain JSON. Stored and hashed as canonical JSON, with `person` added as a member when given. */
  body: Readonly<Record<string, unknown>>;
  /** ISO 8601 with zone. */
  at: string;
};

export type AppendOptions = {
  /** For deterministic tests only: n random bytes. */
  random?: (count: number) => Uint8Array;
};

/**
 * Writes journal rows, their payloads and their place in the sequencer's queue in the caller's transaction: business change and
 * journal stand or fall together. Outside a transaction the rows are a commit of their own, all or none, for one round trip instead of three.
 * Returns ids in row order. Refuses an unknown kind, a person's id in the clear part, and odd names.
 */
export async function append(tx: Queryable, rows: readonly JournalRow[], options: AppendOptions = {}): Promise<bigint[]> {
  if (rows.length === 0) return [];
  const salts = (options.random ?? randomBytes)(rows.length * SALT_BYTES);
  const columns: Columns = { at: [], kind: [], actor: [], subject: [], commitment: [], person: [], body: [] };
  rows.forEach((row, i) => {
    const salt = salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES);
    addRow(columns, row, salt);
  });
  const { at, kind, actor, subject, commitment, person, body } = columns;
  const [row] = await tx.query<{ ids: bigint[] }>(APPEND, [at, kind, actor, subject, Buffer.concat(commitment), person, salts, body]);
  return row!.ids;
}

/** SHA-256(salt || bytes): binds a payload without showing it; with the salt destroyed, not even a guess can be confirmed. */
export function commitmentOf(salt: Uint8Array, body: string): Uint8Array {
  return sha256Of(salt, body);
}

/** The clear part of an entry, as it is hashed: canonical JSON of exactly these five members. */
export function headerOf(entry: { id: bigint; at: string; kind: string; actor: string; subject: string | null }): string {
  const { id, at, kind, actor, subject } = entry;
  return canonicalJson({ id: Number(id), at, kind, actor, subject });
}

/** RFC 6962 leaf hash of an entry: SHA-256(0x00 || header || commitment). The commitment's fixed length keeps the join unambiguous. */
export function entryHash(header: string | Uint8Array, commitment: Uint8Array): Uint8Array {
  return sha256Of(LEAF, header, commitment);
}

const SALT_BYTES = 32;
const LEAF = Uint8Array.of(0);

// The database takes such a text and then cannot look into it: an entry that nobody can read stands for ever.
const ESCAPED_NULL = /(?<!\\)(?:\\\\)*\\u0000/;

type Columns = {
  at: string[];
  kind: string[];
  actor: string[];
  subject: (string | null)[];
  commitment: Uint8Array[];
  person: (string | null)[];
  body: string[];
};

// One call, one round trip; the 32-byte columns travel as one run of bytes each, which is cheaper than an array of hexadecimal.
const APPEND = 'select append_journal($1, $2, $3, $4, $5, $6, $7, $8) as ids';

function addRow(columns: Columns, row: JournalRow, salt: Uint8Array): void {
  refuseUnclear(row);
  const { person } = row;
  const body = canonicalJson(person === undefined ? row.body : { ...row.body, person });
  if (ESCAPED_NULL.test(body)) throw new AppError('internal', `the body of a ${row.kind} entry holds the character U+0000`);
  columns.at.push(row.at);
  columns.kind.push(row.kind);
  columns.actor.push(row.actor);
  columns.subject.push(row.subject ?? null);
  columns.commitment.push(commitmentOf(salt, body));
  columns.person.push(person ?? null);
  columns.body.push(body);
}

// The clear part is public for ever. A free text or a person's id there could never be taken back.
function refuseUnclear({ kind, actor, subject, person, body }: JournalRow): void {
  if (!isJournalKind(kind)) throw new AppError('internal', 'this journal kind is not on the list');
  if (!isPlainName(actor)) throw new AppError('internal', `the actor of a ${kind} entry is not a pseudonym`);
  if (subject !== undefined && !isPlainName(subject)) throw new AppError('internal', `the subject of a ${kind} entry is not an id`);
  if (person !== undefined && (subject === person || actor === person)) {
    throw new AppError('internal', `a ${kind} entry names a person in its clear part`);
  }
  // Both the column and the hashed bytes name the person; they must not be able to differ.
  if (Object.hasOwn(body, 'person') && body['person'] !== person) {
    throw new AppError('internal', `the body of a ${kind} entry names a person other than the entry's`);
  }
}

function isPlainName(text: string): boolean {
  return /^[\x21-\x7e]{1,200}$/.test(text);
}
