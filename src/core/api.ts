import type { Evidence } from './claim.ts';
import type { DecisionReason, ReasonedDecision } from './decision-reason.ts';
import type { Author, ProposalState } from './proposal.ts';
import type { Coverage, Door } from './receipt.ts';
import type { Outcome, Reason } from './verdict.ts';

/** What /api answers, as the UI and other callers read it. The OpenAPI document says the same. */
export type IdentityView = { id: string; name: string; role: 'clinician' | 'integration' | 'governance' };

export type SessionView = { token: string; identity: IdentityView; site: { name: string; zone: string } };

export type Tally = { proven: number; unproven: number; contradicted: number; selected: number };

export type WorklistItem = {
  id: string;
  pack: string;
  patient: string;
  title: string;
  /** Why it is here, in words on the clock of the site. */
  why: string;
  /** The same words with the instants in them as ISO 8601 UTC, for a client with a clock of its own. */
  whyUtc: string;
  state: ProposalState;
  /** Facts that a signed note relied on and that say something else since; 0 for what is not signed. */
  changedSince: number;
  /** Contradicted sentences left out. */
  withheld: number;
  offeredAt: string;
  dueAt: string | null;
  person: PatientBanner;
  tally: Tally;
  restsOn: { facts: number; sources: number };
  /** Who is working on it; null where it waits for anybody of its role. */
  with: LeaseView | null;
};

/** Who has a draft, until when, and from whom where it was handed on: a courtesy to colleagues, never a lock on deciding. */
export type LeaseView = { name: string; you: boolean; until: string; handedBy: string | null; reason: string | null };

export type PatientBanner = {
  id: string;
  name: string | null;
  birthDate: string | null;
  sex: string | null;
  mrn: string | null;
  /** When they died as their source says it, `yes` where it says only that they did; null where no source says so. */
  deceased: string | null;
  /** Display words of allergies, dangerous ones first, then newest first; `stated-none` where a fact says none are known; `not-recorded` where nothing says anything. */
  allergies: { state: 'listed' | 'stated-none' | 'conflict' | 'not-recorded'; items: string[] };
};

export type SentenceView = {
  id: string;
  section: string;
  text: string;
  author: Author;
  selected: boolean;
  verdict: { outcome: Outcome; reasons: Reason[] };
  evidence: Evidence[];
  /** The source of this sentence was opened by somebody who may accept it. */
  sourceOpened: boolean;
  acknowledged?: boolean;
  replaces?: string;
  /** Set where a human's sentence still says the writer's words: it carries the AI label. */
  wordsOf?: { sentences: string[]; writer: string };
};

export type ProposalView = {
  id: string;
  runId: string;
  contentHash: string;
  pack: string;
  patient: string;
  state: ProposalState;
  title: string;
  /** Why it is here, in words on the clock of the site; `whyUtc` has the instants in them as ISO 8601 UTC. */
  why: string;
  whyUtc: string;
  asOf: string;
  offeredAt: string;
  openedAt: string | null;
  dueAt: string | null;
  sections: string[];
  sentences: SentenceView[];
  /** What the page had no room for. */
  omitted: { section: string; number: number; what: string }[];
  person: PatientBanner;
  /** What signing will write, to whom, in one line. */
  signingWrites: string;
  decision: { kind: 'signed' | 'declined'; by: string; at: string; reasonCode: DecisionReason | null; reason: string | null } | null;
  /** Who is working on it; null where nobody is. */
  with: LeaseView | null;
  delivery: DeliveryView[];
  /** A fresher draft for the same trigger, where this one is stale. */
  successor: string | null;
  /** What this note, once signed, relied on and what says something else since; empty before. */
  changedSince: ChangedFact[];
  /** Sources that had something to say, and when each was last heard. */
  sources: { source: string; facts: number }[];
};

export type DeliveryView = {
  surface: string;
  state: 'waiting' | 'delivered' | 'kept' | 'failed';
  attempts: number;
  reference: string | null;
  reason: string | null;
  confirmedAt: string | null;
};

/** A fact that a signed note relied on, as it was then and as it stands now: null where it no longer stands, or stands for another person. */
export type ChangedFact = {
  how: 'corrected' | 'retracted' | 'moved' | 'no-longer-read' | 'uncertain';
  was: FactView;
  now: FactView | null;
  /** What the version that stands says otherwise, atom by atom. */
  changes: { name: string; from: string | null; to: string | null }[];
  /** When the version that was relied on ceased to stand; null where it stands, of another person. */
  since: string | null;
  /** The signed sentences that rest on it. */
  sentences: string[];
};

/** A note about a person that was signed here. */
export type SignedDocument = { id: string; title: string; by: string; at: string; changedSince: number };

/** Whose words a text would be, were it written into a draft: the writer's sentences it still carries; it then keeps the AI label. */
export type CarriedWords = { id: string; text: string }[];

/** One fact as the evidence pane lists it; superseded versions stand beside the one that holds. */
export type FactView = {
  id: string;
  version: number;
  type: string;
  source: string;
  grade: 'A' | 'B' | 'C' | 'D';
  display: string;
  value: string | null;
  unit: string | null;
  flag: string | null;
  range: string | null;
  status: string | null;
  at: string | null;
  recordedAt: string;
  supersededAt: string | null;
  retracted: boolean;
};

/** GET /api/lineage/:sentenceId: claim → facts → receipts → bytes, with the slice around each quote for people. */
export type LineageView = {
  sentence: string;
  text: string;
  claims: { kind: string; atoms: { name: string; text: string }[]; facts: string[] }[];
  facts: FactView[];
  sources: SourceView[];
  absences: Extract<Evidence, { kind: 'absence' }>[];
  /** Other results of the same concept in the last 24 months, oldest first, where the claim is a number. */
  series: {
    concept: string;
    unit: string | null;
    low: string | null;
    high: string | null;
    points: { at: string; value: string; flag: string | null }[];
  } | null;
};

/** GET /api/patients/:id/facts/:fact/:version: one fact version as it came, and every version of it, newest first, with what each changed. */
export type FactLineageView = {
  fact: FactView;
  atoms: { name: string; text: string; path: string }[];
  versions: (FactView & { changes: { name: string; from: string | null; to: string | null }[] })[];
  sources: SourceView[];
};

/** One receipt as it is shown beside a sentence: the lines of the message or the part of the document, with lit ranges. */
export type SourceView = {
  receipt: string;
  source: string;
  door: Door;
  contentType: string;
  receivedAt: string;
  size: number;
  sha256: string;
  title: string;
  /** Text of the message, resource or decoded note; `offset` is where it starts in the stored (or, with `decoded`, decoded) bytes. */
  lines: { number: number; text: string; start: number }[];
  decoded: boolean;
  /** Ranges in characters of the line's text: `value` is the claim's own value, `near` its other atoms. */
  lit: { line: number; from: number; to: number; strength: 'value' | 'near' }[];
  spans: { path: string; start: number; end: number; sha256: string; quote: string; fact: string }[];
};

export type CheckResult = {
  text: string;
  outcome: Outcome;
  reasons: Reason[];
  evidence: Evidence[];
  /** Asked with a draft: the writer's sentences whose words the text still carries, so that it would keep the AI label; empty where it is a human's own. */
  wordsOf?: CarriedWords;
};

export type ExplainView = {
  format: 'hl7v2' | 'fhir' | 'unknown';
  /** The feed it would come from, whose settings it was read with. */
  source: string;
  fields: {
    path: string;
    start: number;
    end: number;
    text: string;
    name: string | null;
    state: 'mapped' | 'kept-unmapped' | 'held' | 'conflict';
    becomes: string | null;
  }[];
  segments: { number: number; text: string; start: number }[];
  facts: { id: string; type: string; status: string | null; grade: string; flags: string[]; content: unknown }[];
  rejections: { item: string; reason: string; detail: string }[];
  coverage: Coverage;
  ack: string | null;
  ackCode: 'AA' | 'AE' | 'AR' | null;
};

export type FeedView = {
  source: string;
  door: Door;
  lastAt: string | null;
  lastHour: number;
  /** Receipts in each of the last 48 half hours, oldest first. */
  strip: number[];
  refusedToday: number;
  quarantine: number;
  /** Facts that stand and that nothing is claimed from, by fault: what a setting or a map would mend, once the feed is read again. */
  flagged: { flag: string; facts: number }[];
  lagP95Ms: number | null;
  /** The longest gap of the last week, at least a quarter of an hour, from which silence is judged: looked up where nothing came for half an hour; null where something did, or too little came to say. */
  usualGapMs: number | null;
  state: 'on-time' | 'silent' | 'quarantine' | 'quiet';
  /** When it was asked that all of it be read again, while that goes on. */
  rereadSince: string | null;
};

export type QuarantineItem = {
  id: string;
  receipt: string;
  source: string;
  item: string;
  reason: string;
  at: string;
  state: 'open' | 'replayed' | 'dismissed';
  title: string;
  /** Why a person dismissed it. */
  closedReason: string | null;
};

export type ReceiptView = {
  id: string;
  source: string;
  door: Door;
  contentType: string;
  sha256: string;
  size: number;
  receivedAt: string;
  state: string;
  flags: string[];
  facts: number;
  rejections: QuarantineItem[];
};

/** GET /api/receipts: newest first; `next` asks for the page after. */
export type ReceiptList = { items: Omit<ReceiptView, 'rejections'>[]; next: string | null };

/** How far a feed has been read again with today's maps and settings. */
export type RereadView = {
  source: string;
  state: 'none' | 'running' | 'done' | 'failed';
  askedAt: string | null;
  receipts: number;
  done: number;
};

export type KpiView = {
  id: string;
  title: string;
  value: number | null;
  unit: string;
  numerator: number;
  denominator: number;
  from: string;
  to: string;
  formula: string;
  pack: string | null;
  role: string | null;
};

/** How often a reason was given for declining or passing on, of all such decisions in the period. */
export type ReasonCountView = {
  decision: ReasonedDecision;
  code: DecisionReason;
  word: string;
  means: string;
  numerator: number;
  denominator: number;
  formula: string;
};

export type PatientListItem = {
  id: string;
  name: string | null;
  birthDate: string | null;
  sex: string | null;
  mrn: string | null;
  facts: number;
  openItems: number;
};

export type LoadingView = { state: 'loading' | 'ready' | 'failed'; step: string; done: number; total: number };
