import type { ChangedFact, SignedDocument } from '../../core/api.ts';
import type { Fact } from '../../core/fact.ts';
import type { Queryable } from '../../platform/database.ts';
import { readVersions } from '../../record/chart.ts';
import { currentPerson } from '../../record/people.ts';
import { TIED } from '../../record/readings-again.ts';
import { changesSince, factView, timeOf } from './fact-view.ts';

/**
 * The facts that signed notes relied on and that were corrected, retracted, moved to another person or no longer read since, by proposal. What
 * a source sent again with the same words is no change. Only what was selected, and so written, counts; a draft that is not signed has none.
 */
export async function changedSinceSigned(db: Queryable, proposals: readonly string[]): Promise<Map<string, ChangedFact[]>> {
  if (proposals.length === 0) return new Map();
  const rows = await db.query<CitedRow>(CITED, [proposals]);
  if (rows.length === 0) return new Map();
  const today = new Map<string, string | undefined>();
  for (const person of new Set(rows.map((row) => row.person))) today.set(person, await currentPerson(db, person));
  const wanted = rows.flatMap(({ fact, version, standing }) => [
    `${fact}/${version}`,
    ...(standing === null ? [] : [`${fact}/${standing}`]),
  ]);
  const keys = [...new Set(wanted)].map((key) => ({
    id: key.slice(0, key.indexOf('/')),
    version: Number(key.slice(key.indexOf('/') + 1)),
  }));
  const facts = new Map((await readVersions(db, keys)).map((one) => [`${one.id}/${one.version}`, one]));
  const changed = rows.flatMap((row) => {
    const was = facts.get(`${row.fact}/${row.version}`)!;
    const stands = row.standing === null ? undefined : facts.get(`${row.fact}/${row.standing}`)!;
    const one = changeOf(was, stands, row.standing_person === today.get(row.person), row.sentences);
    return one ? [{ proposal: row.proposal, one }] : [];
  });
  return new Map([...Map.groupBy(changed, ({ proposal }) => proposal)].map(([id, group]) => [id, group.map(({ one }) => one)]));
}

/** Notes about a person that were signed here, newest first, those too that were signed before their record was merged into this one. */
export async function signedDocuments(db: Queryable, person: string): Promise<SignedDocument[]> {
  const once = await db.query<{ person: string }>(
    `select distinct earlier.person from person_link today join person_link earlier on earlier.source_person = today.source_person
      where today.person = $1 and today.superseded_at is null and today.valid_to is null`,
    [person],
  );
  const same: string[] = [];
  for (const one of once) if ((await currentPerson(db, one.person)) === person) same.push(one.person);
  const rows = await db.query<{ id: string; title: string; actor_name: string; decided_at: string }>(
    `select p.id, p.title, d.actor_name, d.decided_at from proposal p join decision d on d.proposal = p.id
      where p.person = any($1::uuid[]) and p.state = 'signed' order by d.decided_at desc, p.id`,
    [same],
  );
  const changed = await changedSinceSigned(db, rows.map((row) => row.id)); // biome-ignore format: short
  return rows.map(({ id, title, actor_name, decided_at }) => ({
    id,
    title,
    by: actor_name,
    at: decided_at,
    changedSince: changed.get(id)?.length ?? 0,
  }));
}

/** What became of a fact; undefined where it says the same. What is another person's now is not shown: it is no longer this chart's to show. */
function changeOf(was: Fact, stands: Fact | undefined, same: boolean, sentences: string[]): ChangedFact | undefined {
  const base = { was: factView(was), since: was.supersededAt, sentences };
  if (!stands) return { ...base, how: 'no-longer-read', now: null, changes: [] };
  if (!same) return { ...base, how: 'moved', now: null, changes: [] };
  // The same words reported once more are no change: of when it was reported no sentence speaks where it is known when it happened.
  const changes = changesSince(was, stands).filter(({ name }) => name !== 'issued' || timeOf(was) !== timeOf(stands));
  const now = factView(stands);
  if (stands.retracted) return { ...base, how: 'retracted', now, changes };
  if (stands.flags.includes(TIED) && !was.flags.includes(TIED)) return { ...base, how: 'uncertain', now, changes };
  return changes.length > 0 ? { ...base, how: 'corrected', now, changes } : undefined;
}

/** The newest version of each fact that what was signed cites, and what stands of it today, where that is not the same version of the same person. */
const CITED = `
  with cited as materialized (
    select p.id as proposal, p.person, (e ->> 'fact')::uuid as fact, max((e ->> 'version')::int) as version, array_agg(distinct s ->> 'id') as sentences
      from proposal p, json_array_elements(p.content -> 'sentences') as s, json_array_elements(s -> 'evidence') as e
     where p.id = any($1::uuid[]) and p.state = 'signed' and (s ->> 'selected')::boolean and e ->> 'kind' = 'span'
     group by 1, 2, 3
  )
  select c.proposal, c.person, c.fact, c.version, c.sentences, stands.version as standing, l.person as standing_person
    from cited c
    join fact was on was.id = c.fact and was.version = c.version
    left join lateral (select f.version, f.source_person from fact f where f.id = c.fact and f.superseded_at is null limit 1) as stands on true
    left join person_link l on l.source_person = stands.source_person and l.superseded_at is null and l.valid_to is null
   where stands.version is distinct from c.version or l.person is distinct from c.person
   order by c.proposal, was.type, c.fact`;

type CitedRow = {
  proposal: string;
  person: string;
  fact: string;
  version: number;
  sentences: string[];
  standing: number | null;
  standing_person: string | null;
};
