import { sha256Hex } from './digest.ts';

/** What a version of a fact says beside its content, as its row holds it; origins and atoms are the stored JSON texts. */
export type FactStatement = {
  source_person: string;
  type: string;
  receipt: string;
  span_start: number;
  span_end: number;
  valid_from: string | null;
  valid_to: string | null;
  code: string | null;
  value: string | null;
  unit: string | null;
  status: string | null;
  grade: string;
  flags: string[];
  retracted: boolean;
  rank: number;
  result_at: string | null;
  origins: string;
  atoms: string;
};

/** The columns of `fact` f that make a statement. */
export const STATEMENT_COLUMNS =
  'f.source_person, f.type, f.receipt, f.span_start, f.span_end, f.valid_from, f.valid_to, f.code, f.value, f.unit, f.status, f.grade, f.flags, f.retracted, f.rank, f.result_at, f.origins::text as origins, f.atoms::text as atoms';

/**
 * SHA-256 of everything a version says of whom, to the last atom: what `facts.recorded` commits to beside the hash of the content, because charts,
 * rules and the verifier read atoms and columns, not content. When the version was closed is not in it: that comes later.
 */
export function statementHash(said: FactStatement): string {
  const { origins, atoms } = said;
  const columns = [
    said.source_person,
    said.type,
    said.receipt,
    said.span_start,
    said.span_end,
    instant(said.valid_from),
    instant(said.valid_to),
    said.code,
    said.value,
    said.unit,
    said.status,
    said.grade,
    said.flags.join(','),
    said.retracted,
    said.rank,
    instant(said.result_at),
  ];
  // No part holds a line break of its own: JSON has them escaped.
  return sha256Hex(`${JSON.stringify(columns)}\n${origins}\n${atoms}`);
}

/** Milliseconds since 1970: one instant is written with its zone by a source and in UTC by the store. */
function instant(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}
