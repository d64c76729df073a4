import { AppError } from '../../core/errors.ts';
import { uuidFromParts } from '../../platform/digest.ts';
import { documentReference, PROPOSAL_SYSTEM, provenance, RUN_SYSTEM, type SignedDocument } from './document.ts';
import { type Abilities, type Answer, hasIdentifier, type PatientIdentifier, type Target, unavailable } from './target.ts';

/** A signed document and the identifiers the target may know its patient by, best first. */
export type WriteBackInput = Omit<SignedDocument, 'subject'> & { patient: readonly PatientIdentifier[] };

/** What became of one resource. `kept`: the target does not take it; we keep it, and `reason` is a code without patient data. */
export type Written = { state: 'delivered'; reference: string } | { state: 'kept'; reason: string };
/** The document, and beside it its Provenance; `resource` is what is kept here in place of what the target refused. */
export type WriteBackResult = Written & { provenance?: Written & { resource?: Record<string, unknown> } };

/**
 * Writes a signed document and its Provenance to an EHR, once, however often it is called: by conditional create where the target promises it,
 * and after a search by the proposal's identifier in any case. `ehr_unavailable` means: call again later. Calls for one proposal must not
 * overlap (the job's lease sees to that), because a target without conditional create cannot tell two at once apart.
 */
export async function writeBack(target: Target, input: WriteBackInput): Promise<WriteBackResult> {
  const abilities = await target.abilities();
  if (abilities.creates('DocumentReference') === false) return { state: 'kept', reason: 'type-not-accepted' };

  const patient = await unlessRefused(() => target.findPatient(input.patient));
  if (patient === 'refused') return { state: 'kept', reason: 'patient-search-refused' };
  if ('reason' in patient) return { state: 'kept', reason: patient.reason };
  const signed: SignedDocument = { ...input, subject: patient.reference };
  const document = await writeDocument(target, signed, abilities.conditionalCreate('DocumentReference'));
  if (document.state === 'kept') return document;

  const resource = provenance(signed, document.reference);
  const written: Written =
    abilities.creates('Provenance') === false
      ? { state: 'kept', reason: 'type-not-accepted' }
      : await writeProvenance(target, signed, document.reference, abilities);
  return { ...document, provenance: written.state === 'kept' ? { ...written, resource } : written };
}

async function writeDocument(target: Target, input: SignedDocument, conditional: boolean): Promise<Written> {
  const query = `identifier=${encodeURIComponent(`${PROPOSAL_SYSTEM}|${input.proposalId}`)}`;
  const find = async (): Promise<string | undefined> => {
    const found = await target.search('DocumentReference', query);
    return idOf(found.find((one) => hasIdentifier(one, PROPOSAL_SYSTEM, input.proposalId)));
  };
  // Before every try: an earlier one may have been committed and its answer lost.
  const before = await unlessRefused(find);
  if (before === 'refused' && !conditional) return CANNOT_WRITE_ONCE;
  if (before !== undefined && before !== 'refused') return { state: 'delivered', reference: `DocumentReference/${before}` };

  const answer = await target.create('DocumentReference', documentReference(input), conditional ? query : undefined);
  return settle('DocumentReference', answer, find, target);
}

/**
 * A Provenance has no identifier in R4, so once is seen to by an id of our choosing, by a search for what targets the document, or by a
 * condition on that; whichever the target allows.
 */
async function writeProvenance(target: Target, input: SignedDocument, document: string, abilities: Abilities): Promise<Written> {
  const chosen = abilities.chosenIds('Provenance');
  if (chosen) return putProvenance(target, input, document);
  const query = `target=${encodeURIComponent(document)}`;
  const search = async (): Promise<Record<string, unknown>[]> =>
    (await target.search('Provenance', query)).filter((one) => targets(one, document));
  const find = async (): Promise<string | undefined> => idOf((await search()).find((one) => isOurs(one, input.runId)));

  const before = await unlessRefused(search);
  if (before === 'refused' && chosen === undefined) return putProvenance(target, input, document);
  const conditional = abilities.conditionalCreate('Provenance');
  if (before === 'refused' && !conditional) return CANNOT_WRITE_ONCE;
  const all = before === 'refused' ? [] : before;
  const ours = idOf(all.find((one) => isOurs(one, input.runId)));
  if (ours !== undefined) return { state: 'delivered', reference: `Provenance/${ours}` };

  // Where the EHR made a Provenance of its own for the document, the condition would stop ours.
  const unless = conditional && all.length === 0 ? query : undefined;
  return settle('Provenance', await target.create('Provenance', provenance(input, document), unless), find, target);
}

async function putProvenance(target: Target, input: SignedDocument, document: string): Promise<Written> {
  const id = uuidFromParts('provenance', input.proposalId);
  const before = await target.get(`Provenance/${id}`);
  if (before.status === 200) return { state: 'delivered', reference: `Provenance/${id}` };
  return settle('Provenance', await target.put('Provenance', id, provenance(input, document)), async () => id, target);
}

/** Neither a condition nor a search would stop a second copy. */
const CANNOT_WRITE_ONCE: Written = { state: 'kept', reason: 'cannot-write-once' };

async function unlessRefused<T>(ask: () => Promise<T>): Promise<T | 'refused'> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof AppError && error.code === 'ehr_refused') return 'refused';
    throw error;
  }
}

/** What an answer to a write means. 412 says that more than one exists already, an earlier try among them, or that the condition is not understood. */
async function settle(type: string, answer: Answer, find: () => Promise<string | undefined>, target: Target): Promise<Written> {
  const { status } = answer;
  if (status === 200 || status === 201 || status === 204) {
    const id = idFromLocation(type, answer.location) ?? idOf(answer.body, type) ?? (await find());
    // Written, so it says; where to is not known until a search finds it.
    if (id === undefined) throw unavailable(`the EHR answered ${status} and does not show what it wrote`);
    return { state: 'delivered', reference: `${type}/${id}` };
  }
  if (status < 400) throw unavailable(`the EHR answered ${status}`);
  const found = status === 412 ? await unlessRefused(find) : undefined;
  if (found !== undefined && found !== 'refused') return { state: 'delivered', reference: `${type}/${found}` };
  target.forgetPatients();
  return { state: 'kept', reason: `refused-${status}${issueCode(answer.body)}` };
}

function targets(resource: Record<string, unknown>, document: string): boolean {
  const list = Array.isArray(resource['target']) ? resource['target'] : [];
  return list.some((one: { reference?: unknown } | null) => `/${String(one?.reference)}`.endsWith(`/${document}`));
}

function isOurs(resource: Record<string, unknown>, runId: string): boolean {
  const entities = Array.isArray(resource['entity']) ? resource['entity'] : [];
  return entities.some((entity: { what?: { identifier?: { system?: unknown; value?: unknown } } } | null) => {
    const identifier = entity?.what?.identifier;
    return identifier?.system === RUN_SYSTEM && identifier.value === runId;
  });
}

const ID = /^[A-Za-z0-9\-.]{1,64}$/;

function idOf(resource: Record<string, unknown> | undefined, type?: string): string | undefined {
  if (type !== undefined && resource?.['resourceType'] !== type) return undefined;
  const id = resource?.['id'];
  return typeof id === 'string' && ID.test(id) ? id : undefined;
}

function idFromLocation(type: string, location: string | undefined): string | undefined {
  return new RegExp(`(?:^|/)${type}/([A-Za-z0-9\\-.]{1,64})(?:/_history/[^/]+)?/?$`).exec(location ?? '')?.[1];
}

/** The first issue code of an OperationOutcome: a code of FHIR's closed list, so no patient data; its diagnostics are left alone. */
function issueCode(body: Record<string, unknown> | undefined): string {
  const issues = body?.['resourceType'] === 'OperationOutcome' ? body['issue'] : undefined;
  const code: unknown = Array.isArray(issues) ? (issues[0] as { code?: unknown } | undefined)?.code : undefined;
  return typeof code === 'string' && /^[a-z-]{3,20}$/.test(code) ? `-${code}` : '';
}
