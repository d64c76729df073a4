import { zstdDecompressSync } from 'node:zlib';
import type { Queryable } from './database.ts';
import { sameBytes, sha256Hex, toHex } from './digest.ts';
import { type FactStatement, STATEMENT_COLUMNS, statementHash } from './fact-statement.ts';
import { commitmentOf } from './journal.ts';
import type { CheckedState, Findings } from './journal-report.ts';

/** A version of a fact as its journal entry lists it. `said` is missing in entries of before anything but the content was committed to. */
export type RecordedVersion = {
  entry: bigint;
  at: string;
  receipt: string;
  fact: string;
  version: number;
  contentHash: string;
  said: string | undefined;
};

/** What is wrong with the row of a recorded version: it is gone, or its content, what it says beside, or when it was recorded is not what its entry says. */
export type VersionFault = 'gone' | 'content' | 'statement' | 'time';

/** Receipts that erasures list as destroyed or blanked, by entries whose payload is the committed one. */
export async function erasedReceipts(db: Queryable): Promise<Set<string>> {
  const rows = await db.query<{ salt: Uint8Array; body: string; commitment: Uint8Array }>(
    `select p.salt, p.body, j.commitment from journal j join journal_payload p on p.journal_id = j.id and p.at = j.at where j.kind = 'erasure.done'`,
  );
  const committed = rows.filter((row) => sameBytes(commitmentOf(row.salt, row.body), row.commitment));
  return new Set(
    committed.flatMap((row) => {
      const { destroyed = [], blanked = [] } = JSON.parse(row.body) as { destroyed?: string[]; blanked?: string[] };
      return [...destroyed, ...blanked];
    }),
  );
}

/** Holds every receipt against its `receipt.stored`: its row, and its bytes where no erasure took them. */
export async function verifyReceipts(db: Queryable, erased: ReadonlySet<string>, findings: Findings, checked: CheckedState): Promise<void> {
  for await (const entries of entriesOf(db, ['receipt.stored'], 50)) {
    const rows = await db.query<{ id: string; sha256: Uint8Array; encoding: string | null; bytes: Uint8Array | null }>(
      `select r.id, r.sha256, b.encoding, b.bytes from receipt r left join receipt_bytes b on b.receipt = r.id and b.received_at = r.received_at
        where r.id = any($1::uuid[])`,
      [entries.map((entry) => entry.subject)],
    );
    const kept = new Map(rows.map((row) => [row.id, row]));
    for (const { id, subject, body } of entries) {
      const { sha256 } = JSON.parse(body) as { sha256: string };
      const row = kept.get(subject);
      if (row === undefined || toHex(row.sha256) !== sha256) {
        findings.add('receipt', `receipt ${subject} is not here as entry ${id} says it came`);
      } else if (erased.has(subject)) {
        checked.erased += 1;
        continue;
      } else if (!row.bytes || hashOfBytes(row.encoding, row.bytes) !== sha256) {
        findings.add('receipt', `the bytes of receipt ${subject} are not those that entry ${id} says came`);
      }
      checked.receipts += 1;
    }
  }
}

/** Holds every version of every fact against the entry that lists it. */
export async function verifyFacts(db: Queryable, erased: ReadonlySet<string>, findings: Findings, checked: CheckedState): Promise<void> {
  for await (const some of recordedVersions(db)) {
    const faults = await faultsOf(db, some);
    for (const [index, { entry, receipt, fact, version, said }] of some.entries()) {
      const fault = faults[index];
      if (fault === 'gone' && erased.has(receipt)) {
        checked.erased += 1;
        continue;
      }
      checked.facts += 1;
      if (said === undefined) checked.contentOnly += 1;
      if (fault !== undefined)
        findings.add('fact', `version ${version} of fact ${fact} is not what entry ${entry} says was recorded (${fault})`);
    }
  }
}

const VERSIONS_AT_ONCE = 1_000;

/** Every version that the journal lists, in the order of its entries, a portion at a time. */
export async function* recordedVersions(db: Queryable): AsyncGenerator<RecordedVersion[]> {
  for await (const entries of entriesOf(db, ['facts.recorded', 'facts.superseded'], 50)) {
    const recorded = entries.flatMap(({ id, at, subject, body }) =>
      (JSON.parse(body) as { facts: [string, number, string, string?][] }).facts.map(([fact, version, contentHash, said]) => ({
        entry: id,
        at,
        receipt: subject,
        fact,
        version,
        contentHash,
        said,
      })),
    );
    for (let from = 0; from < recorded.length; from += VERSIONS_AT_ONCE) yield recorded.slice(from, from + VERSIONS_AT_ONCE);
  }
}

/** What is wrong with each of these versions as it stands in `fact`; undefined where it is what its entry says. */
export async function faultsOf(db: Queryable, some: readonly RecordedVersion[]): Promise<(VersionFault | undefined)[]> {
  const rows = await db.query<VersionRow>(
    `select f.id, f.version, f.recorded_at, f.content_hash, f.content::text as content, ${STATEMENT_COLUMNS}
       from unnest($1::uuid[], $2::int[]) as w (id, version) join fact f on f.id = w.id and f.version = w.version`,
    [some.map((one) => one.fact), some.map((one) => one.version)],
  );
  const kept = Map.groupBy(rows, (row) => `${row.id}|${row.version}`);
  return some.map((one) => faultOf(kept.get(`${one.fact}|${one.version}`) ?? [], one));
}

type VersionRow = FactStatement & { id: string; version: number; recorded_at: string; content_hash: string; content: string };

/** Two rows of one version, about two people, cannot both be what was recorded. */
function faultOf([row, ...more]: readonly VersionRow[], { at, contentHash, said }: RecordedVersion): VersionFault | undefined {
  if (row === undefined) return 'gone';
  if (row.content_hash !== contentHash || sha256Hex(row.content) !== contentHash) return 'content';
  if (more.length > 0 || (said !== undefined && statementHash(row) !== said)) return 'statement';
  return row.recorded_at === at ? undefined : 'time';
}

type Entry = { id: bigint; at: string; subject: string; body: string };

/** Entries of some kinds with their payloads, in order and a few at a time: what they tell of can be large. */
async function* entriesOf(db: Queryable, kinds: readonly string[], page: number): AsyncGenerator<Entry[]> {
  for (let after = -1n; ; ) {
    const rows = await db.query<Entry>(
      `select j.id, j.at, j.subject, p.body from journal j join journal_payload p on p.journal_id = j.id and p.at = j.at
        where j.kind = any($1::text[]) and j.id > $2 order by j.id limit ${page}`,
      [kinds, after],
    );
    if (rows.length > 0) yield rows;
    if (rows.length < page) return;
    after = rows.at(-1)!.id;
  }
}

/** Bytes that no longer unpack are as changed as any. */
function hashOfBytes(encoding: string | null, bytes: Uint8Array): string | undefined {
  try {
    return sha256Hex(encoding === 'zstd' ? zstdDecompressSync(bytes) : bytes);
  } catch {
    return undefined;
  }
}
