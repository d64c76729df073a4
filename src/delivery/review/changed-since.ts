import type { ChangedFact, SignedDocument } from '../../core/api.ts';
import type { SpanEvidence } from '../../core/claim.ts';
import type { Fact } from '../../core/fact.ts';
import type { ProposalContent, Sentence } from '../../core/proposal.ts';
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
  const suspects = await db.query<{ id: string; person: string; content: string }>(SUSPECTS, [proposals]);
  const cited = suspects.flatMap(({ id, person, content }) =>
    [...reliedOn(JSON.parse(content) as ProposalContent)].map(([fact, by]) => ({ proposal: id, person, fact, ...by })),
  );
  if (cited.length === 0) return new Map();
  const rows = await db.query<StandingRow>(STANDING, [cited.map((one) => one.fact)]);
  const standing = new Map(rows.map((row) => [row.fact, row]));
  const today = new Map<string, string | undefined>();
  for (const { person } of suspects) if (!today.has(person)) today.set(person, await currentPerson(db, person));
  const moved = cited.filter((one) => {
    const stands = standing.get(one.fact);
    return stands?.version !== one.version || stands.person !== today.get(one.person);
  });
  const keys = moved.flatMap(({ fact, version }) => [
    `${fact}/${version}`,
    ...(standing.has(fact) ? [`${fact}/${standing.get(fact)!.version}`] : []),
  ]);
  const facts = await versions(db, keys);
  const changed = moved.flatMap(({ proposal, person, fact, version, sentences }) => {
    const stands = standing.get(fact);
    const was = facts.get(`${fact}/${version}`);
    const one = was && changeOf(was, stands && facts.get(`${fact}/${stands.version}`), stands?.person === today.get(person));
    return one ? [{ proposal, one: { ...one, sentences } }] : [];
  });
  return new Map(
    [...Map.groupBy(changed, ({ proposal }) => proposal)].map(([id, group]) => [id, group.map(({ one }) => one).sort(byTime)]),
  );
}

/**
 * The facts a signed note relied on, each at the newest version it cites, and the signed sentences that rest on it. A human's sentence that still
 * says the writer's words rests on what those rested on, also where the chart could not be read for it.
 */
function reliedOn({ sentences }: ProposalContent): Map<string, { version: number; sentences: string[] }> {
  const relied = new Map<string, { version: number; sentences: string[] }>();
  const newest = new Map<string, number>();
  for (const span of sentences.flatMap(spansOf)) newest.set(span.fact, Math.max(span.version, newest.get(span.fact) ?? 0));
  for (const sentence of sentences.filter((one) => one.selected)) {
    const carried = sentences.filter((one) => sentence.wordsOf?.sentences.includes(one.id));
    for (const fact of new Set([sentence, ...carried].flatMap(spansOf).map((span) => span.fact))) {
      const by = relied.get(fact)?.sentences ?? [];
      relied.set(fact, { version: newest.get(fact)!, sentences: [...by, sentence.id] });
    }
  }
  return relied;
}

function spansOf({ evidence }: Sentence): SpanEvidence[] {
  return evidence.flatMap((one) => (one.kind === 'span' ? [one] : []));
}

async function versions(db: Queryable, keys: readonly string[]): Promise<Map<string, Fact>> {
  const wanted = [...new Set(keys)].map((key) => key.split('/') as [string, string]);
  const facts = await readVersions(db, wanted.map(([id, version]) => ({ id, version: Number(version) }))); // biome-ignore format: short
  return new Map(facts.map((one) => [`${one.id}/${one.version}`, one]));
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
function changeOf(was: Fact, stands: Fact | undefined, same: boolean): Omit<ChangedFact, 'sentences'> | undefined {
  const base = { was: factView(was), since: was.supersededAt };
  if (!stands) return { ...base, how: 'no-longer-read', now: null, changes: [] };
  if (!same) return { ...base, how: 'moved', now: null, changes: [] };
  // The same words reported once more are no change: of when it was reported no sentence speaks where it is known when it happened.
  const changes = changesSince(was, stands).filter(({ name }) => name !== 'issued' || timeOf(was) !== timeOf(stands));
  const now = factView(stands);
  if (stands.retracted) return { ...base, how: 'retracted', now, changes };
  if (stands.flags.includes(TIED) && !was.flags.includes(TIED)) return { ...base, how: 'uncertain', now, changes };
  return changes.length > 0 ? { ...base, how: 'corrected', now, changes } : undefined;
}

/** Newest first, as facts are listed beside a sentence. */
function byTime(one: ChangedFact, other: ChangedFact): number {
  return (other.was.at ?? '').localeCompare(one.was.at ?? '') || one.was.display.localeCompare(other.was.display, 'en');
}

/**
 * What stands today of a cited fact c. "offset 0" keeps each look a lookup by key: without statistics the planner would rather walk an index for
 * every citation.
 */
const STANDS = `
    left join lateral (select f.version, f.source_person
                         from (select version, source_person, superseded_at from fact where fact.id = c.fact offset 0) as f
                        where f.superseded_at is null limit 1) as stands on true
    left join lateral (select l.person from person_link l
                        where l.source_person = stands.source_person and l.superseded_at is null and l.valid_to is null offset 0) as link on true`;

/** Signed notes of whose draft a citation changed, and those in which a human wrote, whose citations are not listed: only these are opened. */
const SUSPECTS = `
  select p.id, p.person, p.content from proposal p
   where p.id = any($1::uuid[]) and p.state = 'signed'
     and (strpos(p.content::text, '"kind":"human"') > 0
          or exists (select 1 from (select fact, version from proposal_fact where proposal = p.id offset 0) as c ${STANDS}
                      where stands.version is distinct from c.version or link.person is distinct from p.person))`;

const STANDING = `
  select c.fact, stands.version, link.person from (select distinct fact from unnest($1::uuid[]) as fact) as c ${STANDS} where stands.version is not null`;

type StandingRow = { fact: string; version: number; person: string | null };
