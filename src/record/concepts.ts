import type { Queryable } from '../platform/database.ts';

/** The small integers that stand for codes in `fact_code`; makes those that are new. Displays are the first a source sent. */
export async function conceptIds(
  tx: Queryable,
  codes: readonly { system: string; code: string; display: string | null }[],
): Promise<Map<string, number>> {
  const wanted = new Map<string, (typeof codes)[number]>();
  for (const one of codes) if (!wanted.has(`${one.system}|${one.code}`)) wanted.set(`${one.system}|${one.code}`, one);
  const list = [...wanted.values()];
  const params = [list.map((one) => one.system), list.map((one) => one.code)];
  const found = idsOf(await tx.query<ConceptRow>(SELECT, params));
  // In one order for everybody, so that two that make the same codes wait for each other and never for a circle.
  const missing = list
    .filter((one) => !found.has(`${one.system}|${one.code}`))
    .sort((one, other) => (`${one.system}|${one.code}` < `${other.system}|${other.code}` ? -1 : 1));
  if (missing.length === 0) return found;

  await tx.query(
    `insert into concept (system, code, display) select * from unnest($1::text[], $2::text[], $3::text[]) on conflict do nothing`,
    [missing.map((one) => one.system), missing.map((one) => one.code), missing.map((one) => one.display)],
  );
  return idsOf(await tx.query<ConceptRow>(SELECT, params));
}

/** Names that any source ever gave a code: what the verifier knows to be a term, though this chart may not hold it. */
export async function knownTerms(db: Queryable): Promise<string[]> {
  return (await db.query<{ display: string }>('select distinct display from concept where display is not null')).map((row) => row.display);
}

const SELECT = `select c.id, c.system, c.code from unnest($1::text[], $2::text[]) as wanted (system, code)
                  join concept c on c.system = wanted.system and c.code = wanted.code`;
type ConceptRow = { id: number; system: string; code: string };

function idsOf(rows: readonly ConceptRow[]): Map<string, number> {
  return new Map(rows.map((row) => [`${row.system}|${row.code}`, row.id]));
}
