import type { ChangedFact, IdentityView, SentenceView } from '../../src/core/api.ts';
import type { ProposalState } from '../../src/core/proposal.ts';
import type { Outcome } from '../../src/core/verdict.ts';
import type { IconName } from './components/icon.tsx';

/** State always comes as icon, word and colour together; this table is the only place that pairs them. */
export type StateWord = { icon: IconName; word: string; tone: 'proven' | 'look' | 'withheld' | 'accent' | 'second' };

export const outcomeWords: Record<Outcome, StateWord> = {
  proven: { icon: 'proven', word: 'Proven', tone: 'proven' },
  unproven: { icon: 'look', word: 'Needs a look', tone: 'look' },
  contradicted: { icon: 'withheld', word: 'Contradicted', tone: 'withheld' },
};

export const proposalWords: Record<ProposalState, StateWord> = {
  offered: { icon: 'open', word: 'offered', tone: 'second' },
  opened: { icon: 'look', word: 'opened', tone: 'accent' },
  edited: { icon: 'pencil', word: 'edited', tone: 'accent' },
  escalated: { icon: 'up', word: 'escalated', tone: 'withheld' },
  signed: { icon: 'proven', word: 'signed', tone: 'proven' },
  declined: { icon: 'withheld', word: 'declined', tone: 'second' },
  withdrawn: { icon: 'withheld', word: 'withdrawn', tone: 'second' },
  blocked: { icon: 'withheld', word: 'blocked', tone: 'withheld' },
  stale: { icon: 'warning', word: 'stale, new facts', tone: 'look' },
  recalled: { icon: 'warning', word: 'recalled', tone: 'look' },
};

export const feedWords: Record<'on-time' | 'silent' | 'quarantine' | 'quiet', StateWord> = {
  'on-time': { icon: 'proven', word: 'on time', tone: 'proven' },
  silent: { icon: 'clock', word: 'silent', tone: 'withheld' },
  quarantine: { icon: 'warning', word: 'in quarantine', tone: 'look' },
  quiet: { icon: 'partial', word: 'too little to judge', tone: 'second' },
};

export const fieldWords: Record<'mapped' | 'kept-unmapped' | 'held' | 'conflict', StateWord> = {
  mapped: { icon: 'proven', word: 'mapped', tone: 'proven' },
  'kept-unmapped': { icon: 'partial', word: 'kept unmapped', tone: 'look' },
  held: { icon: 'clock', word: 'held', tone: 'second' },
  conflict: { icon: 'warning', word: 'conflict', tone: 'withheld' },
};

export const gradeWords: Record<'A' | 'B' | 'C' | 'D', string> = {
  A: 'A: a system of record, coded and complete',
  B: 'B: the code was mapped or inferred',
  C: 'C: external or reported by the patient',
  D: 'D: conflicting, or without unit or zone; kept and shown, never claimed from',
};

/** Kinds of facts as a ward calls one of them and all of them; what is not listed keeps its FHIR name. */
const kinds: Record<string, [one: string, all: string]> = {
  AllergyIntolerance: ['allergy', 'allergies'],
  Appointment: ['appointment', 'appointments'],
  Condition: ['problem', 'problems'],
  DiagnosticReport: ['report', 'reports'],
  DocumentReference: ['note', 'notes'],
  Encounter: ['visit', 'visits'],
  FamilyMemberHistory: ['family', 'family history'],
  Immunization: ['immunization', 'immunizations'],
  MedicationDispense: ['fill', 'fills'],
  MedicationRequest: ['prescription', 'prescriptions'],
  MedicationStatement: ['taking', 'taking'],
  Observation: ['result', 'results'],
  Patient: ['person', 'person'],
  Procedure: ['procedure', 'procedures'],
  ServiceRequest: ['order', 'orders'],
};

export function kindWord(type: string, all = false): string {
  return kinds[type]?.[all ? 1 : 0] ?? type;
}

export const roleWords: Record<IdentityView['role'], { title: string; does: string }> = {
  clinician: { title: 'clinician', does: 'Reads drafts and their sources, edits, signs, declines and escalates.' },
  integration: { title: 'integration', does: 'Watches feeds, reads receipts and replays what was quarantined. Cannot sign.' },
  governance: { title: 'governance', does: 'Reads the measures and the journal, and checks its proofs. Cannot sign.' },
};

/** What stands in the margin and beside a sentence, given who wrote it and what was decided about it. */
export function sentenceWord(sentence: SentenceView): StateWord {
  const { outcome } = sentence.verdict;
  if (sentence.author.kind === 'human') {
    const label = sentence.wordsOf ? ', AI label kept' : '';
    if (outcome === 'contradicted') return { icon: 'warning', word: `yours, chart disagrees${label}`, tone: 'look' };
    return {
      icon: outcome === 'proven' ? 'proven' : 'pencil',
      word: `${outcome === 'proven' ? 'yours, proven' : 'yours'}${label}`,
      tone: outcome === 'proven' ? 'proven' : 'accent',
    };
  }
  if (outcome === 'unproven' && sentence.selected) return { icon: 'look', word: 'accepted by you', tone: 'look' };
  if (outcome === 'proven' && !sentence.selected) return { icon: 'open', word: 'left out by you', tone: 'second' };
  return outcomeWords[outcome];
}

/** An interpretation as words: sources send HL7 codes (table 0078) or words. What is not known here is shown as it came. */
export function flagWord(flag: string): string {
  const words: Record<string, string> = {
    H: 'high',
    L: 'low',
    HH: 'critically high',
    LL: 'critically low',
    A: 'abnormal',
    AA: 'critically abnormal',
    N: 'normal',
  };
  return words[flag.toUpperCase()] ?? flag;
}

/** What became of a fact since a note that relied on it was signed. */
export const changeWords: Record<ChangedFact['how'], string> = {
  corrected: 'corrected',
  retracted: 'retracted',
  moved: 'moved to another person’s record',
  'no-longer-read': 'no longer read from its message',
  uncertain: 'uncertain: two reports cannot be told apart',
};

/** That a signed note is out of date, in one sentence. */
export function changedSinceWords(number: number): string {
  return `${counted(number, 'fact')} this note relied on changed since it was signed`;
}

/** A count with its noun: `1 fact`, `3 facts`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`;
}

/** FHIR administrative gender in one letter for tables. */
export function sexLetter(sex: string | null): string {
  return sex ? sex.charAt(0).toUpperCase() : '';
}
