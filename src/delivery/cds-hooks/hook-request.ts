import { z } from 'zod';
import { AppError } from '../../core/errors.ts';

const Code = z.object({ code: z.string(), system: z.string().optional(), display: z.string().optional() });

const HookRequest = z.object({
  hook: z.literal('patient-view'),
  hookInstance: z.guid(),
  fhirServer: z.string().optional(),
  context: z.object({
    userId: z.string().optional(),
    // The id alone is what the hook defines; some EHRs send the reference.
    patientId: z
      .string()
      .transform((id) => id.replace(/^Patient\//, ''))
      .pipe(z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/)),
    encounterId: z.string().optional(),
  }),
  prefetch: z.record(z.string(), z.unknown()).optional(),
});
export type HookRequest = z.infer<typeof HookRequest>;

const Feedback = z.object({
  feedback: z
    .array(
      z.object({
        card: z.guid(),
        outcome: z.enum(['accepted', 'overridden']),
        acceptedSuggestions: z.array(z.object({ id: z.string() })).optional(),
        overrideReason: z.object({ reason: Code.optional(), userComment: z.string().max(2000).optional() }).optional(),
        outcomeTimestamp: z.iso.datetime({ offset: true }),
      }),
    )
    .min(1)
    .max(100),
});
export type Feedback = z.infer<typeof Feedback>['feedback'][number];

/** What an identifier of prefetch.patient must have to find anybody: who assigned it, and what. */
const Patient = z.object({
  resourceType: z.literal('Patient'),
  identifier: z.array(z.object({ system: z.string().optional(), value: z.string().optional(), use: z.string().optional() })).optional(),
});

/** A patient-view request as CDS Hooks 2.0 defines it; refuses others by naming the elements, never their values. */
export function readHookRequest(body: unknown): HookRequest {
  return parse(HookRequest, body, 'this is no patient-view request');
}

/** Feedback entries as CDS Hooks 2.0 defines them. */
export function readFeedback(body: unknown): Feedback[] {
  return parse(Feedback, body, 'this is no feedback').feedback;
}

/**
 * The authority-qualified identifiers of a prefetched patient. `none` where nothing was prefetched; `failed` where the EHR says that it could
 * not (null or an OperationOutcome in its place).
 */
export function prefetchedIdentifiers(request: HookRequest): { authority: string; value: string }[] | 'none' | 'failed' {
  if (!request.prefetch || !Object.hasOwn(request.prefetch, 'patient')) return 'none';
  const patient = Patient.safeParse(request.prefetch['patient']);
  if (!patient.success) return 'failed';
  return (patient.data.identifier ?? []).flatMap(({ system, value, use }) =>
    system && value && use !== 'old' && !system.startsWith('urn:countersign:') ? [{ authority: system, value }] : [],
  );
}

function parse<T>(schema: z.ZodType<T>, body: unknown, what: string): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const paths = [...new Set(parsed.error.issues.map((issue) => issue.path.filter((part) => typeof part === 'string').join('.')))];
  throw new AppError('resource_invalid', `${what}: look at ${paths.map((path) => path || 'the body').join(', ')}`);
}
