import type { NewFact } from '../core/fact.ts';
import type { Queryable } from '../platform/database.ts';
import { sha256Hex } from '../platform/digest.ts';
import { type FactStatement, STATEMENT_COLUMNS, statementHash } from '../platform/fact-statement.ts';
import type { PackedFact } from './fact-row.ts';

/** The flag of a version that says: this receipt, read again, no longer gives this fact. It never stands. */
export const NO_LONGER_READ = 'no-longer-read';

/** The flag of a version that stands beside another of the same rank that is not known to be earlier or later; always with grade D. */
export const TIED = 'tied';

/** A version made of one that is kept: one that stands again, one that says that its receipt no longer gives the fact, or one that is tied. */
export type Copy = {
  sourcePerson: string;
  id: string;
  from: number;
  version: number;
  supersededAt: string | null;
  flag: typeof NO_LONGER_READ | typeof TIED | null;
};

/** A receipt that was read before and is read anew; what it said of the ranges that are held back now is left as it was. */
export type ReadAgain = { receipt: string; held: readonly (readonly [start: number, end: number])[] };

/** What receipts gave when they were read before: which facts, and what the last reading said of each. */
export type EarlierReadings = { facts: Map<string, EarlierFact> };
type EarlierFact = { id: string; reading: string; person: string; readAt: string; said: Set<string>; gone: boolean; held: boolean };

/** What names one reading: the receipt, and where in it the message or resource stands; one file may give several versions of a fact. */
export function readingOf(receipt: string, start: number): string {
  return `${receipt}|${start}`;
}

/** Everything a fact says of whom, to the last atom: a map that reads more into the same bytes says something else. */
export function saidBy(sourcePerson: string, { contentHash, grade, flags, packedAtoms }: PackedFact): string {
  return said(sourcePerson, contentHash, grade, flags, packedAtoms);
}

/** What these receipts gave before, by fact and reading. Empty where none of them was ever read. */
export async function earlierReadings(tx: Queryable, again: readonly ReadAgain[]): Promise<EarlierReadings> {
  const earlier: EarlierReadings = { facts: new Map() };
  if (again.length === 0) return earlier;
  const rows = await tx.query<EarlierRow>(
    `select f.id, f.source_person, l.person, f.receipt, f.span_start, f.span_end, f.recorded_at, f.content_hash, f.grade, f.flags, f.atoms
       from fact f join person_link l on l.source_person = f.source_person and l.superseded_at is null and l.valid_to is null
      where f.receipt = any($1::uuid[]) order by f.id, f.version`,
    [again.map((one) => one.receipt)],
  );
  const held = new Map(again.map((one) => [one.receipt, one.held]));
  for (const row of rows) {
    const reading = readingOf(row.receipt, row.span_start);
    const before = earlier.facts.get(`${row.id}|${reading}`);
    const says = saysOf(row);
    // Two versions of one moment are one reading: a message may speak of a patient twice.
    if (before && before.readAt === row.recorded_at && before.gone === row.flags.includes(NO_LONGER_READ))
      for (const one of says) before.said.add(one);
    else earlier.facts.set(`${row.id}|${reading}`, earlierFact(row, reading, says, held.get(row.receipt) ?? []));
  }
  return earlier;
}

/**
 * Writes copies of versions that are kept; nothing of a copy differs but its number, its times and a flag, with the grade D where that is `tied`.
 * Returns the hash of what each says, by `id|version`.
 */
export async function insertCopies(tx: Queryable, copies: readonly Copy[], now: string): Promise<Map<string, string>> {
  if (copies.length === 0) return new Map();
  const rows = await tx.query<FactStatement & { id: string; version: number }>(
    `insert into fact as f (source_person, id, version, type, receipt, span_start, span_end, recorded_at, superseded_at, valid_from, valid_to, code, value,
                       unit, status, grade, flags, retracted, rank, result_at, content_hash, origins, atoms, content)
     select f.source_person, f.id, copy.version, f.type, f.receipt, f.span_start, f.span_end, $7::timestamptz, copy.superseded_at, f.valid_from,
            f.valid_to, f.code, f.value, f.unit, f.status, case when copy.flag = '${TIED}' then 'D' else f.grade end,
            case when copy.flag is null or copy.flag = any(f.flags) then f.flags else array_append(f.flags, copy.flag) end,
            f.retracted, f.rank, f.result_at, f.content_hash, f.origins, f.atoms, f.content
       from unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::timestamptz[], $6::text[])
              as copy (source_person, id, original, version, superseded_at, flag)
       join fact f on f.source_person = copy.source_person and f.id = copy.id and f.version = copy.original
     returning f.id, f.version, ${STATEMENT_COLUMNS}`,
    [
      copies.map((copy) => copy.sourcePerson),
      copies.map((copy) => copy.id),
      copies.map((copy) => copy.from),
      copies.map((copy) => copy.version),
      copies.map((copy) => copy.supersededAt),
      copies.map((copy) => copy.flag),
      now,
    ],
  );
  return new Map(rows.map((row) => [`${row.id}|${row.version}`, statementHash(row)]));
}

type EarlierRow = {
  id: string;
  source_person: string;
  person: string;
  receipt: string;
  span_start: number;
  span_end: number;
  recorded_at: string;
  content_hash: string;
  grade: NewFact['grade'];
  flags: string[];
  atoms: string;
};

function earlierFact(row: EarlierRow, reading: string, says: readonly string[], held: ReadAgain['held']): EarlierFact {
  return {
    id: row.id,
    reading,
    person: row.person,
    readAt: row.recorded_at,
    said: new Set(says),
    gone: row.flags.includes(NO_LONGER_READ),
    held: held.some(([start, end]) => start < row.span_end && row.span_start < end),
  };
}

/** What a row says; a tie is not of its reading, and had hidden the grade: such a row says the same with any. */
function saysOf({ source_person, content_hash, grade, flags, atoms }: EarlierRow): string[] {
  const own = flags.filter((flag) => flag !== TIED);
  const grades = own.length === flags.length ? [grade] : (['A', 'B', 'C', 'D'] as const);
  return grades.map((one) => said(source_person, content_hash, one, own, atoms));
}

function said(sourcePerson: string, contentHash: string, grade: string, flags: readonly string[], atoms: string): string {
  return sha256Hex([sourcePerson, contentHash, grade, flags.join(','), atoms].join('\n'));
}
