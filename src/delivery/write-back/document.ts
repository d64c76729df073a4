import { AppError } from '../../core/errors.ts';
import type { Omission } from '../../core/pack.ts';
import { carriesLabel, type ProposalContent, type Sentence } from '../../core/proposal.ts';
import { toBase64 } from '../../platform/digest.ts';

/** Who signed: an identifier the hospital knows them by, and their name as it is printed. */
export type Signer = { system: string; value: string; display: string };

/** A signed proposal on its way into a chart. `subject` is the patient in the target ("Patient/123"), never our own id. */
export type SignedDocument = {
  proposalId: string;
  runId: string;
  content: ProposalContent;
  document: { loinc: string; title: string };
  /** What drafted the writer's sentences, for instance built-in@1. */
  writer: { name: string; version: string };
  signer: Signer;
  signedAt: string;
  subject: string;
};

/** The search by which a retry finds what an earlier try has written. */
export const PROPOSAL_SYSTEM = 'urn:countersign:proposal';
export const RUN_SYSTEM = 'urn:countersign:run';

/** HL7 v3 ObservationValue: asserted by an artificial intelligence (hl7.fhir.uv.aitransparency keeps this label alone). */
const AIAST = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'AIAST',
  display: 'Artificial Intelligence asserted',
};
const PARTICIPANT = 'http://terminology.hl7.org/CodeSystem/provenance-participant-type';
const WRITER_ID = 'ai-writer';

/**
 * The sentences a signature releases: those selected. Refuses a writer's sentence that the chart contradicts, whatever selected it, and a
 * human's own one of that kind that was not acknowledged.
 */
export function releasedSentences(content: ProposalContent): Sentence[] {
  const released = content.sentences.filter((sentence) => sentence.selected);
  if (released.some((sentence) => sentence.verdict.outcome === 'contradicted' && !keptByHuman(sentence))) {
    throw new AppError('contradicted', 'a sentence that the chart contradicts is never written to a chart');
  }
  if (released.length === 0) throw new AppError('nothing_selected', 'nothing was signed');
  return released;
}

/** The document as a clinician would print it: title, headings, sentences, what the page had no room for, and who answers for it. */
export function documentText(input: SignedDocument): string {
  const released = releasedSentences(input.content);
  const lines = [input.content.title, ''];
  const { omitted } = input.content;
  const sections = sectionsOf(input.content, released);
  for (const section of sections) {
    lines.push(section, ...released.filter((sentence) => sentence.section === section).map((sentence) => `- ${sentence.text}`));
    lines.push(...omitted.filter((one) => one.section === section).map(notShown), '');
  }
  const elsewhere = omitted.filter((one) => !sections.includes(one.section));
  if (elsewhere.length > 0) lines.push(...elsewhere.map(notShown), '');
  const who = `${input.signer.display}, ${input.signedAt.slice(0, 16).replace('T', ' ')} UTC`;
  if (!released.some(carriesLabel)) lines.push(`Written and signed by ${who}.`);
  else if (released.every(isWriters)) lines.push(`Drafted by software, reviewed and signed by ${who}.`);
  else lines.push(`Drafted in part by software, completed, reviewed and signed by ${who}.`);
  return `${lines.join('\n')}\n`;
}

function notShown({ number, what }: Omission): string {
  return `(Not shown: ${number} ${what}.)`;
}

/**
 * The FHIR R4 DocumentReference of a signed proposal. The AI label and the Device stand in it only where a released sentence is the writer's or
 * still says the writer's words: what a human wrote never carries them.
 */
export function documentReference(input: SignedDocument): Record<string, unknown> {
  const byWriter = releasedSentences(input.content).some(carriesLabel);
  const title = input.content.title;
  return {
    resourceType: 'DocumentReference',
    ...(byWriter ? { meta: { security: [AIAST] }, contained: [writerDevice(input)] } : {}),
    identifier: [{ system: PROPOSAL_SYSTEM, value: input.proposalId }],
    status: 'current',
    docStatus: 'final',
    type: { coding: [{ system: 'http://loinc.org', code: input.document.loinc }], text: input.document.title },
    subject: { reference: input.subject },
    date: input.signedAt,
    author: [signerReference(input.signer), ...(byWriter ? [{ reference: `#${WRITER_ID}` }] : [])],
    authenticator: signerReference(input.signer),
    description: title,
    content: [
      { attachment: attachment('text/plain; charset=utf-8', title, documentText(input), input.signedAt) },
      { attachment: attachment('application/json', `${title}: authors and evidence`, JSON.stringify(authorship(input)), input.signedAt) },
    ],
  };
}

/**
 * The FHIR R4 Provenance of what was written as `target` ("DocumentReference/123"): who drafted, who verified and answers for it, and from
 * which run. Its reason says AIAST only where the writer wrote something; everything else is the signer's own act.
 */
export function provenance(input: SignedDocument, target: string): Record<string, unknown> {
  const byWriter = releasedSentences(input.content).some(carriesLabel);
  const signer = signerReference(input.signer);
  return {
    resourceType: 'Provenance',
    ...(byWriter ? { contained: [writerDevice(input)] } : {}),
    target: [{ reference: target }],
    occurredDateTime: input.signedAt,
    recorded: input.signedAt,
    ...(byWriter ? { reason: [{ coding: [AIAST] }] } : {}),
    activity: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion', code: 'LA', display: 'legally authenticated' }],
    },
    agent: [
      ...(byWriter ? [agent('author', 'Author', { reference: `#${WRITER_ID}` })] : [agent('author', 'Author', signer)]),
      agent('verifier', 'Verifier', signer),
      agent('legal', 'Legal Authenticator', signer),
    ],
    entity: [
      { role: 'source', what: { identifier: { system: RUN_SYSTEM, value: input.runId }, display: 'Run that drafted this document' } },
    ],
  };
}

function isWriters(sentence: Sentence): boolean {
  return sentence.author.kind === 'writer';
}

function keptByHuman(sentence: Sentence): boolean {
  return sentence.author.kind === 'human' && sentence.acknowledged === true;
}

/** Headings in the order of the page, then any that a human added. */
function sectionsOf(content: ProposalContent, released: readonly Sentence[]): string[] {
  const used = new Set(released.map((sentence) => sentence.section));
  return [...new Set([...content.sections.filter((section) => used.has(section)), ...used])];
}

/** Who wrote each sentence and which facts it rests on, for machines; ids and words only, no source bytes. */
function authorship(input: SignedDocument): Record<string, unknown> {
  return {
    proposal: input.proposalId,
    run: input.runId,
    asOf: input.content.asOf,
    sentences: releasedSentences(input.content).map((sentence) => ({
      id: sentence.id,
      section: sentence.section,
      text: sentence.text,
      author: isWriters(sentence) ? 'ai' : carriesLabel(sentence) ? 'human-from-ai' : 'human',
      verdict: sentence.verdict.outcome,
      evidence: [...new Set(sentence.evidence.flatMap((one) => (one.kind === 'span' ? [`${one.fact}/${one.version}`] : [])))],
    })),
  };
}

/** Device as hl7.fhir.uv.aitransparency's AI device: its type is exactly Artificial-Intelligence. */
function writerDevice({ writer }: SignedDocument): Record<string, unknown> {
  return {
    resourceType: 'Device',
    id: WRITER_ID,
    deviceName: [{ name: `Countersign ${writer.name}`, type: 'user-friendly-name' }],
    type: {
      coding: [{ system: 'http://hl7.org/fhir/uv/aitransparency/CodeSystem/AIdeviceTypeCS', code: 'Artificial-Intelligence' }],
    },
    version: [{ value: writer.version }],
  };
}

function signerReference(signer: Signer): Record<string, unknown> {
  return { type: 'Practitioner', identifier: { system: signer.system, value: signer.value }, display: signer.display };
}

function agent(code: string, display: string, who: Record<string, unknown>): Record<string, unknown> {
  return { type: { coding: [{ system: PARTICIPANT, code, display }] }, who };
}

function attachment(contentType: string, title: string, text: string, creation: string): Record<string, unknown> {
  const bytes = new TextEncoder().encode(text);
  return { contentType, language: 'en', data: toBase64(bytes), size: bytes.length, title, creation };
}
