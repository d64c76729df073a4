import type { Claim } from './claim.ts';
import type { Chart, Fact } from './fact.ts';

/** What a pack may see of a chart: the minimum necessary, by resource type and look-back in days (undefined = all). */
export type Need = { type: string; lookBackDays?: number; categories?: string[] };

/** When a pack runs: a fact of this type arrives or changes, and `when` holds. `key` makes one live proposal a trigger. */
export type Trigger = {
  type: string;
  /** Returns why this fact, among all of the person's, asks for a run, when it is due, and for which role; undefined when it does not. */
  when(fact: Fact, now: string, facts: readonly Fact[]): TriggerReason | undefined;
  /** The next instant after `now` at which `when` may answer otherwise by time alone; undefined, or left out, where none is ahead. */
  wakeAt?(fact: Fact, now: string): string | undefined;
};
/** `key` names what asks (one live proposal each), `why` is read by people, `dueAt` is an instant in ISO 8601. */
export type TriggerReason = { key: string; why: string; role: string; dueAt: string | null };

/** A sentence as a writer drafts it: claims first; the words follow from them. `cites` are hints for people, never trusted. */
export type DraftSentence = { section: string; claims: Claim[]; cites: { fact: string; version: number }[] };
/** `omitted` says what a page had no room for; nothing is left out in silence. */
export type Draft = { title: string; sections: string[]; sentences: DraftSentence[]; omitted: Omission[] };
/** How many of `what` a section had no room for, or could not say. */
export type Omission = { section: string; number: number; what: string };

/** What a pack drafts from: the chart cut to its needs, the instant it is read at, and the fact that asked, where one did. */
export type PackContext = { chart: Chart; asOf: string; trigger: Fact | undefined };

/**
 * A number over the journal: `numerator / denominator` counts, or a median of minutes between two kinds, per proposal of this pack. A draft that
 * goes stale before anybody decided, and what is written in its place, are one chain and count once; `drafts` counts the first of a chain alone,
 * or what was written again alone.
 */
export type KpiFormula =
  | { id: string; title: string; count: string[]; drafts?: 'first' | 'again' }
  | { id: string; title: string; minutesBetween: [from: string[], to: string[]] };

/** A use case in one folder: data and pure functions. It never calls a model, a rule or a score itself. */
export interface Pack {
  readonly id: string;
  readonly version: string;
  readonly title: string;
  readonly purpose: string;
  readonly owner: string;
  readonly surfaces: readonly ('cds-hooks' | 'worklist' | 'write-back')[];
  readonly needs: readonly Need[];
  readonly triggers: readonly Trigger[];
  readonly kpis: readonly KpiFormula[];
  /** The LOINC code and title of the document a signed proposal becomes. */
  readonly document: { loinc: string; title: string };
  /** Drafts from the chart; pure, deterministic, no clock, no locale. */
  write(context: PackContext): Draft;
}
