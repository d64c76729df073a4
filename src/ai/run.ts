import { canonicalJson } from '../core/canonical-json.ts';
import type { Claim, Evidence, Support } from '../core/claim.ts';
import type { Chart, Fact } from '../core/fact.ts';
import type { Omission, Pack } from '../core/pack.ts';
import { phrase, phraseVersion } from '../core/phrase.ts';
import { policyVersion, selectedByDefault } from '../core/policy.ts';
import type { Outcome, Reason } from '../core/verdict.ts';
import { sha256Hex } from '../platform/digest.ts';
import { withinLookBack } from './retrieve/retrieve.ts';
import { indexChart } from './verify/chart-index.ts';
import { verifierVersion, verifySentence } from './verify/verify.ts';

/** The canonical list a run's id is the hash of (design 4c): no recorded time, database id or host is in it. */
export type RunInputs = {
  pack: string;
  policy: string;
  verifier: string;
  templates: string;
  writer: string;
  asOf: string;
  trigger: string | null;
  facts: [id: string, version: number, contentHash: string][];
  superseded: [id: string, version: number, contentHash: string][];
  prompt: null;
  model: null;
  tape: null;
};

/** One drafted sentence with its verdict; supports point into the chart until they are frozen into evidence. */
export type JudgedSentence = {
  section: string;
  text: string;
  claims: Claim[];
  selected: boolean;
  verdict: { outcome: Outcome; reasons: Reason[] };
  supports: Support[];
};

/** What a run made: the same inputs give the same bytes of `canonicalJson(output)` on any machine. */
export type RunOutput = {
  title: string;
  sections: string[];
  sentences: (Omit<JudgedSentence, 'supports'> & { evidence: Evidence[] })[];
  omitted: Omission[];
};
export type Run = { id: string; inputs: RunInputs; output: RunOutput };

/** Fills the evidence of supports from stored bytes; record's lineage does it, replay does it from an exported file. */
export type FreezeEvidence = (supports: readonly (readonly Support[])[], facts: ReadonlyMap<string, Fact>) => Promise<Evidence[][]>;

/** The writer of today's drafts: a pack's claims put into words by `core/phrase.ts`, without a model. Part of a run's identity. */
export const builtInWriter = 'built-in@1';

/** Drafts with the pack over a retrieved chart, says each sentence in words, and lets the verifier judge every one. Pure. */
export function draftAndVerify(
  pack: Pack,
  chart: Chart,
  trigger: Fact | undefined,
): { title: string; sections: string[]; sentences: JudgedSentence[]; omitted: Omission[] } {
  const draft = pack.write({ chart: withinLookBack(chart, pack), asOf: chart.asOf, trigger });
  const index = indexChart(chart);
  const sentences = draft.sentences.flatMap((sentence): JudgedSentence[] => {
    const text = phrase(sentence.claims);
    if (text === undefined) return [];
    const verdict = verifySentence({ text, claims: sentence.claims, cites: sentence.cites }, index);
    return [
      {
        section: sentence.section,
        text,
        claims: sentence.claims,
        selected: selectedByDefault(verdict.outcome),
        verdict: { outcome: verdict.outcome, reasons: verdict.reasons },
        supports: uniqueSupports(verdict.claims.flatMap((one) => one.support)),
      },
    ];
  });
  return {
    title: draft.title,
    sections: draft.sections,
    sentences,
    omitted: [...draft.omitted, ...unsaid(draft.sentences.length - sentences.length)],
  };
}

/** A whole run: draft, verdicts and frozen evidence, under the hash of its inputs. */
export async function runPack(pack: Pack, chart: Chart, trigger: Fact | undefined, freeze: FreezeEvidence): Promise<Run> {
  const inputs = inputsOf(pack, chart, trigger);
  const { title, sections, sentences, omitted } = draftAndVerify(pack, chart, trigger);
  const facts = new Map([...chart.superseded, ...chart.facts].map((fact) => [`${fact.id}/${fact.version}`, fact]));
  const evidence = await freeze(sentences.map((sentence) => sentence.supports), facts); // biome-ignore format: short
  const frozen = sentences.map(({ supports: _, ...sentence }, index) => ({ ...sentence, evidence: evidence[index] ?? [] }));
  return { id: sha256Hex(canonicalJson(inputs)), inputs, output: { title, sections, sentences: frozen, omitted } };
}

/** The identity of a run over these facts, without running it. */
export function inputsOf(pack: Pack, chart: Chart, trigger: Fact | undefined): RunInputs {
  return {
    pack: `${pack.id}@${pack.version}`,
    policy: policyVersion,
    verifier: verifierVersion,
    templates: phraseVersion,
    writer: builtInWriter,
    asOf: chart.asOf,
    trigger: trigger ? trigger.id : null,
    facts: chart.facts.map((fact) => [fact.id, fact.version, fact.contentHash]),
    superseded: chart.superseded.map((fact) => [fact.id, fact.version, fact.contentHash]),
    prompt: null,
    model: null,
    tape: null,
  };
}

/** Claims that could not be put into words that read back the same are said to be left out, never dropped in silence. */
function unsaid(number: number): Omission[] {
  return number > 0 ? [{ section: '', number, what: 'entries whose names could not be put into a sentence' }] : [];
}

function uniqueSupports(supports: readonly Support[]): Support[] {
  const seen = new Set<string>();
  return supports.filter((support) => {
    const key = canonicalJson(support);
    return seen.has(key) ? false : seen.add(key);
  });
}
