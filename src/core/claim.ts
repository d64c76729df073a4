import { z } from 'zod';
import type { DecodeStep } from './fact.ts';

/** A concept by the name the chart uses; codes are hints for the verifier, never printed. */
export const Concept = z.object({ name: z.string().min(1), codes: z.array(z.object({ system: z.string(), code: z.string() })).optional() });
export type Concept = z.infer<typeof Concept>;

/** A number as the source wrote it, with its unit as the source wrote it. */
export const Quantity = z.object({ value: z.string(), unit: z.string().optional(), comparator: z.enum(['<', '<=', '>=', '>']).optional() });
export type Quantity = z.infer<typeof Quantity>;

/** A calendar date in the source's own zone at the precision the source gave: 2009, 2009-03 or 2009-03-05. */
export const DateText = z.string().regex(/^\d{4}(-\d{2}(-\d{2})?)?$/);

const Laterality = z.enum(['left', 'right', 'bilateral']);
const Dose = z.object({ value: z.string(), unit: z.string() });

/**
 * A sentence's meaning as typed atoms (design 4a). Every claim is about the patient but for `family`.
 * `on` is when it happened or was true, never when it was recorded.
 */
export const Claim = z.discriminatedUnion('kind', [
  /** A measured result. `latest` claims that nothing later of the concept stands. `correctedFrom` claims that this value replaced that one. */
  z.object({
    kind: z.literal('result'),
    concept: Concept,
    value: z.union([Quantity, z.object({ text: z.string() })]),
    on: DateText,
    flag: z.enum(['high', 'low', 'critically high', 'critically low', 'abnormal', 'normal']).optional(),
    range: z.object({ low: z.string().optional(), high: z.string().optional() }).optional(),
    certainty: z.enum(['preliminary', 'final', 'corrected']).optional(),
    correctedFrom: Quantity.optional(),
    latest: z.boolean().optional(),
  }),
  /** First and last of a window and the direction between them; every point of the window must agree with the word. */
  z.object({
    kind: z.literal('trend'),
    concept: Concept,
    direction: z.enum(['rose', 'fell', 'unchanged']),
    from: Quantity,
    fromOn: DateText,
    to: Quantity,
    toOn: DateText,
  }),
  z.object({
    kind: z.literal('problem'),
    concept: Concept,
    state: z.enum(['active', 'resolved', 'ruled out', 'suspected']),
    since: DateText.optional(),
    until: DateText.optional(),
    laterality: Laterality.optional(),
  }),
  /** prescribed = an order; filled = a dispense; taking = a statement; stopped = an order stopped; administered = given. Never one for another. */
  z.object({
    kind: z.literal('medication'),
    drug: Concept,
    dose: Dose.optional(),
    route: z.string().optional(),
    frequency: z.string().optional(),
    modality: z.enum(['prescribed', 'filled', 'taking', 'stopped', 'administered']),
    on: DateText.optional(),
  }),
  z.object({
    kind: z.literal('dose-change'),
    drug: Concept,
    from: Dose,
    to: Dose,
    frequency: z.string().optional(),
    on: DateText,
  }),
  z.object({
    kind: z.literal('allergy'),
    substance: Concept,
    reaction: z.string().optional(),
    severity: z.enum(['high', 'low']).optional(),
    recordedOn: DateText.optional(),
  }),
  /** A fact that says so ("no known allergies"), which is not the absence of facts. */
  z.object({ kind: z.literal('no-known-allergy'), about: Concept, recordedOn: DateText.optional() }),
  z.object({
    kind: z.literal('encounter'),
    setting: z.enum(['emergency', 'inpatient', 'outpatient', 'virtual', 'home']),
    what: z.string().optional(),
    reason: Concept.optional(),
    on: DateText,
    until: DateText.optional(),
  }),
  z.object({
    kind: z.literal('procedure'),
    concept: Concept,
    modality: z.enum(['performed', 'planned', 'not done']),
    laterality: Laterality.optional(),
    on: DateText.optional(),
  }),
  z.object({ kind: z.literal('immunization'), vaccine: Concept, on: DateText }),
  /** A report's own conclusion, quoted; the quote must stand in the report. */
  z.object({ kind: z.literal('report'), concept: Concept, on: DateText, quote: z.string() }),
  /** Ordered, and by `asOf` no result or report answers it. */
  z.object({ kind: z.literal('pending'), concept: Concept, orderedOn: DateText, asOf: DateText }),
  z.object({ kind: z.literal('appointment'), on: DateText, time: z.string().optional(), reason: z.string().optional() }),
  z.object({ kind: z.literal('family'), relative: z.string(), condition: Concept }),
  /** A named search that finds nothing, re-run by the verifier. `since` bounds it; without it the whole record was searched. */
  z.object({
    kind: z.literal('absence'),
    of: z.enum(['allergies', 'medications', 'problems', 'results', 'result', 'visits', 'procedure', 'immunization']),
    concept: Concept.optional(),
    since: DateText.optional(),
  }),
  z.object({
    kind: z.literal('count'),
    of: z.enum(['visits', 'results', 'emergency visits', 'admissions']),
    concept: Concept.optional(),
    number: z.number().int().nonnegative(),
    since: DateText,
  }),
]);
export type Claim = z.infer<typeof Claim>;
export type ClaimKind = Claim['kind'];
export type ClaimOf<K extends ClaimKind> = Extract<Claim, { kind: K }>;

/** What the verifier found a claim to rest on: atoms of one fact version, or a search that found nothing. */
export type Support =
  | { kind: 'atoms'; fact: string; version: number; atoms: number[] }
  | { kind: 'search'; query: SearchQuery; searched: number; found: 0 };

/** A search the verifier can re-run over a chart. */
export type SearchQuery = { of: string; concept?: string; since?: string; asOf: string };

/** Evidence as it is frozen inside a run: start and end in stored bytes, half-open; sha256 of that slice; quote decoded for people. */
export type SpanEvidence = {
  kind: 'span';
  fact: string;
  version: number;
  atom: string;
  receipt: string;
  path: string;
  start: number;
  end: number;
  steps: DecodeStep[];
  sha256: string;
  quote: string;
};
export type AbsenceEvidence = { kind: 'absence'; query: SearchQuery; asOf: string; searched: number; found: 0 };
export type Evidence = SpanEvidence | AbsenceEvidence;
