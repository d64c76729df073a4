import type { FactLineageView, LineageView } from '../../core/api.ts';
import type { Claim, SpanEvidence } from '../../core/claim.ts';
import { AppError } from '../../core/errors.ts';
import type { Chart, Fact, Origin } from '../../core/fact.ts';
import { textOf } from '../../core/fact.ts';
import type { Permit } from '../../core/ports.ts';
import type { Sentence } from '../../core/proposal.ts';
import { readProposal } from '../../governance/proposals.ts';
import type { Db } from '../../platform/database.ts';
import { readChart, readHistory } from '../../record/chart.ts';
import { freezeEvidence, storedBytes } from '../../record/lineage.ts';
import { readManyBytes, readReceipts } from '../../record/receipts.ts';
import { changesSince, factView, timeOf } from './fact-view.ts';
import { sourceViews } from './source-view.ts';

const SERIES_MS = 24 * 30.5 * 86_400_000;

/** The proposal a sentence belongs to. */
export async function proposalOfSentence(db: Db, sentence: string): Promise<string> {
  const [row] = await db.query<{ proposal: string }>('select proposal from sentence where id = $1', [sentence]);
  if (!row) throw new AppError('not_found', 'no sentence has this id');
  return row.proposal;
}

/** The chain of one sentence: claims, the facts they rest on with their other versions, and the bytes these came from. */
export async function lineageView(db: Db, permit: (person: string) => Permit, sentenceId: string, now: string): Promise<LineageView> {
  const proposal = await readProposal(db, await proposalOfSentence(db, sentenceId));
  const sentence = proposal?.content.sentences.find((one) => one.id === sentenceId);
  if (!proposal || !sentence) throw new AppError('not_found', 'no sentence has this id');
  const chart = await readChart(db, permit(proposal.person), proposal.person, now);
  const spans = sentence.evidence.filter((one): one is SpanEvidence => one.kind === 'span');
  const facts = factsFor(sentence, spans, chart);
  return {
    sentence: sentence.id,
    text: sentence.text,
    claims: sentence.claims.map((claim) => ({
      kind: claim.kind,
      atoms: claimAtoms(claim),
      facts: [...new Set(spans.map((span) => span.fact))],
    })),
    facts: facts.map(factView),
    sources: await sourcesOf(db, spans, [...chart.facts, ...chart.superseded]),
    absences: sentence.evidence.flatMap((one) => (one.kind === 'absence' ? [one] : [])),
    series: seriesFor(sentence, chart),
  };
}

/** One version of a fact down to its bytes, with every version of it and what each said otherwise than the one before. Refuses a stranger's fact. */
export async function factLineageView(
  db: Db,
  permit: Permit,
  id: { person: string; fact: string; version: number },
  now: string,
): Promise<FactLineageView> {
  const versions = await readHistory(db, permit, id.fact, now);
  const fact = versions.find((one) => one.version === id.version && one.person === id.person);
  if (!fact) throw new AppError('not_found', 'this person has no such fact');
  const support = { kind: 'atoms' as const, fact: fact.id, version: fact.version, atoms: fact.atoms.map((_, index) => index) };
  const [evidence = []] = await freezeEvidence([[support]], new Map([[`${fact.id}/${fact.version}`, fact]]), storedBytes(db));
  const spans = evidence.filter((one): one is SpanEvidence => one.kind === 'span');
  return {
    fact: factView(fact),
    atoms: fact.atoms.map(({ name, text, path }) => ({ name, text, path })),
    versions: versions.map((one, index) => ({ ...factView(one), changes: changesSince(versions[index - 1], one) })).reverse(),
    sources: await sourcesOf(db, spans, [fact]),
  };
}

/** Cited facts and every other version of them, newest first; where nothing is cited, facts that share a word with the sentence. */
function factsFor(sentence: Sentence, spans: readonly SpanEvidence[], chart: Chart): Fact[] {
  const all = [...chart.facts, ...chart.superseded];
  const cited = new Set(spans.map((span) => span.fact));
  const chosen = cited.size > 0 ? all.filter((fact) => cited.has(fact.id)) : nearest(sentence, chart.facts);
  return chosen.sort((one, other) => order(timeOf(other) ?? '', timeOf(one) ?? '') || other.version - one.version);
}

/** What a clinician would look at for a sentence nothing proves: facts whose name shares its longest words. */
function nearest(sentence: Sentence, facts: readonly Fact[]): Fact[] {
  const words = new Set(sentence.text.toLowerCase().match(/\p{L}{5,}/gu) ?? []);
  return facts
    .filter((fact) =>
      (
        textOf(fact, 'display')
          ?.toLowerCase()
          .match(/\p{L}{5,}/gu) ?? []
      ).some((word) => words.has(word)),
    )
    .slice(0, 12);
}

async function sourcesOf(db: Db, spans: readonly SpanEvidence[], facts: readonly Fact[]): Promise<LineageView['sources']> {
  const receipts = new Map(
    (await readReceipts(db, [...new Set(spans.map((span) => span.receipt))])).map((receipt) => [receipt.id, receipt]),
  );
  const bytes = await readManyBytes(db, [...receipts.keys()]);
  const origins = new Map<string, Origin>(
    facts.flatMap((fact) => (fact.origins[0] ? [[`${fact.id}/${fact.version}`, fact.origins[0]] as const] : [])),
  );
  const groups = Map.groupBy(spans, (span) => `${span.receipt}/${origins.get(`${span.fact}/${span.version}`)?.envelope.join('-') ?? ''}`);
  return [...groups.values()].flatMap((group) => {
    const first = group[0]!;
    const receipt = receipts.get(first.receipt);
    const stored = bytes.get(first.receipt);
    const origin = origins.get(`${first.fact}/${first.version}`);
    return receipt && stored && origin ? sourceViews(receipt, stored, origin, group, origins) : [];
  });
}

/** The claim's atoms as the evidence pane prints them. */
function claimAtoms(claim: Claim): { name: string; text: string }[] {
  return Object.entries(claim).flatMap(([name, value]) => {
    if (name === 'kind') return [{ name: 'claim', text: String(value) }];
    const text = atomText(value);
    return text === undefined ? [] : [{ name, text }];
  });
}

function atomText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object') return value === true ? 'checked' : String(value);
  const { name, text, comparator, value: number, unit, low, high } = value as Record<string, string | undefined>;
  if (name !== undefined) return name;
  if (text !== undefined) return text;
  if (number !== undefined) return `${comparator ?? ''}${number}${unit ? ` ${unit}` : ''}`;
  if (low !== undefined && high !== undefined) return `${low}–${high}`;
  if (low !== undefined) return `≥ ${low}`;
  return high === undefined ? undefined : `≤ ${high}`;
}

function seriesFor(sentence: Sentence, chart: Chart): LineageView['series'] {
  const claim = sentence.claims.find((one) => one.kind === 'result' || one.kind === 'trend');
  const code = claim?.concept.codes?.[0];
  if (!claim || !code) return null;
  const points = chart.facts
    .filter((fact) => fact.type === 'Observation' && !fact.retracted)
    .flatMap((fact) => {
      const atom = fact.atoms.find((one) => one.name === 'code' && one.text === code.code && one.system === code.system);
      const value = atom && textOf(fact, 'value', atom.component);
      const at = timeOf(fact);
      if (!atom || value === undefined || at === null || Date.parse(at) < Date.parse(chart.asOf) - SERIES_MS) return [];
      return [{ fact, component: atom.component, point: { at, value, flag: textOf(fact, 'flag', atom.component) ?? null } }];
    })
    .sort((one, other) => Date.parse(one.point.at) - Date.parse(other.point.at));
  const last = points.at(-1);
  if (!last || points.length < 2) return null;
  return {
    concept: claim.concept.name,
    unit: textOf(last.fact, 'unit', last.component) ?? null,
    low: textOf(last.fact, 'low', last.component) ?? null,
    high: textOf(last.fact, 'high', last.component) ?? null,
    points: points.map((one) => one.point),
  };
}

function order(one: string, other: string): number {
  return (Date.parse(one) || 0) - (Date.parse(other) || 0);
}
