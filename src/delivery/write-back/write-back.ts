import { AppError } from '../../core/errors.ts';
import { uuidFromParts } from '../../platform/digest.ts';
import { documentReference, PROPOSAL_SYSTEM, provenance, RUN_SYSTEM, type SignedDocument } from './document.ts';
import { type Copy, type Difference, readCopy, relative } from './read-back.ts';
import { type Abilities, type Answer, hasIdentifier, type PatientIdentifier, type Target, unavailable } from './target.ts';

/** A signed document and the identifiers the target may know its patient by, best first. */
export type WriteBackInput = Omit<SignedDocument, 'subject'> & { patient: readonly PatientIdentifier[] };

/**
 * What became of one resource. `delivered`: it stands there as it was signed; a `reason` names what was lost on the way, or a copy that stands
 * beside it. `kept`: nothing of it stands there, or what stood there was marked entered-in-error; we keep it. `failed`: what stands there is not
 * what was signed, and only a person can mend it. A reason is a code without patient data.
 */
export type Written =
  | { state: 'delivered'; reference: string; reason?: string }
  | { state: 'kept'; reason: string; reference?: string }
  | { state: 'failed'; reason: string; reference: string };
/**
 * The document, and beside it its Provenance; `resource` is what is kept here in place of what the target refused. `withdrawn` are copies that
 * now stand there as entered-in-error.
 */
export type WriteBackResult = Written & {
  withdrawn?: readonly string[];
  provenance?: Written & { resource?: Record<string, unknown> };
};

/** What is remembered between tries, so that a copy that was written is confirmed and never written again. */
export type Memory = {
  /** Where a try wrote the document, this one's or another's at the same time. */
  reference(): Promise<string | undefined>;
  /** An earlier try was accepted, and the target did not show it yet. */
  accepted: boolean;
  wrote(reference: string): Promise<void>;
};

/** The target accepted a document and does not show it yet: it is looked for again, and not sent again where nothing would stop a second copy. */
export class NotShown extends AppError {
  readonly reason = 'not-shown';

  constructor() {
    super('ehr_unavailable', 'the EHR accepted what was sent and does not show it yet');
  }
}

/**
 * Writes a signed document and its Provenance to an EHR, once, however often it is called: by conditional create where the target promises it,
 * and after a search by the proposal's identifier in any case. Each is read back and compared before it counts as delivered; a copy that says
 * something else, stands in another chart or is one too many is marked entered-in-error there. `ehr_unavailable` means: call again later.
 */
export async function writeBack(target: Target, input: WriteBackInput, memory: Memory = NO_MEMORY): Promise<WriteBackResult> {
  const abilities = await target.abilities();
  if (abilities.creates('DocumentReference') === false) return { state: 'kept', reason: 'type-not-accepted' };

  const patient = await unlessRefused(() => target.findPatient(input.patient));
  if (patient === 'refused') return { state: 'kept', reason: 'patient-search-refused' };
  if ('reason' in patient) return { state: 'kept', reason: patient.reason };
  const signed: SignedDocument = { ...input, subject: patient.reference };
  const document = await writeDocument(target, signed, input.patient, abilities.conditionalCreate('DocumentReference'), memory);
  if (document.state !== 'delivered') return document;

  const resource = provenance(signed, document.reference);
  const written: Written =
    abilities.creates('Provenance') === false
      ? { state: 'kept', reason: 'type-not-accepted' }
      : await confirmProvenance(target, document.reference, await writeProvenance(target, signed, document.reference, abilities));
  return { ...document, provenance: written.state === 'kept' ? { ...written, resource } : written };
}

const NO_MEMORY: Memory = { reference: async () => undefined, accepted: false, wrote: async () => undefined };

async function writeDocument(
  target: Target,
  signed: SignedDocument,
  patient: readonly PatientIdentifier[],
  conditional: boolean,
  memory: Memory,
): Promise<WriteBackResult> {
  const query = `identifier=${encodeURIComponent(`${PROPOSAL_SYSTEM}|${signed.proposalId}`)}`;
  const search = async (): Promise<string[]> => {
    const found = await target.search('DocumentReference', query);
    const ours = found.filter((one) => hasIdentifier(one, PROPOSAL_SYSTEM, signed.proposalId));
    return ours.flatMap((one) => idOf(one) ?? []).map((id) => `DocumentReference/${id}`);
  };
  const resource = documentReference(signed);
  const confirm = async (references: readonly string[]): Promise<WriteBackResult> => {
    const copies: Copy[] = [];
    for (const reference of new Set(references)) {
      const isPatient = (one: string): Promise<boolean> => isSubject(target, signed.subject, patient, one);
      const copy = await lookAt(target, reference, { signed, resource, isPatient });
      // Named by an answer or a search, and not shown: passed over it would stand beside the one that is confirmed.
      if (!copy) throw new NotShown();
      copies.push(copy);
    }
    return mend(target, copies, await memory.reference());
  };

  // Before every try: an earlier one may have been committed and its answer lost.
  const known = await memory.reference();
  const before = await unlessRefused(search);
  if (known !== undefined) return confirm([known, ...(before === 'refused' ? [] : before)]);
  if (before === 'refused' && !conditional) return CANNOT_WRITE_ONCE;
  if (before !== 'refused' && before.length > 0) return confirm(before);
  if (memory.accepted && !conditional) throw new NotShown();

  const answer = await target.create('DocumentReference', resource, conditional ? query : undefined);
  const find = async (): Promise<string | undefined> => (await search())[0]?.split('/')[1];
  const placed = await settle('DocumentReference', answer, find, target);
  if (placed.state !== 'delivered') return placed;
  await memory.wrote(placed.reference);
  // Two at once both create, also where the target promises a condition: most check first and write then (HAPI FHIR #3141, FHIR Server #1382).
  const after = await unlessRefused(search);
  return confirm([placed.reference, ...(after === 'refused' ? [] : after)]);
}

/** A merge over there in this very moment moves a note to the chart that stands: so whose it is is asked anew before it counts as another's. */
async function isSubject(target: Target, subject: string, patient: readonly PatientIdentifier[], found: string): Promise<boolean> {
  if (found === subject) return true;
  target.forgetPatients();
  const now = await unlessRefused(() => target.findPatient(patient));
  return now !== 'refused' && 'reference' in now && now.reference === found;
}

type Sent = Parameters<typeof readCopy>[3];

/** A copy as it stands there; undefined where the target does not show one. */
async function lookAt(target: Target, reference: string, sent: Sent): Promise<Copy | undefined> {
  const found = await target.read(reference);
  if (found === 'absent') return undefined;
  if (found === 'refused') return { reference, resource: undefined, withdrawn: false, differences: [] };
  if (found === 'deleted') return { reference, resource: undefined, withdrawn: true, differences: [] };
  return readCopy(target, reference, found, sent);
}

/**
 * Leaves one copy that says what was signed, and none that says anything else. Never more than that: a note that reads as it was signed is not
 * taken back because a label or its status was lost; that is told, for a person to mend.
 */
async function mend(target: Target, copies: readonly Copy[], recorded: string | undefined): Promise<WriteBackResult> {
  const standing = copies.filter((copy) => !copy.withdrawn);
  const kept = standing.filter((copy) => wrongIn(copy) === undefined).sort((a, b) => preferred(a, b, recorded))[0];
  const stands: Copy[] = [];
  for (const copy of standing) if (copy !== kept && !(await withdraw(target, copy))) stands.push(copy);
  const withdrawn = copies.filter((copy) => copy !== kept && !stands.includes(copy)).map((copy) => copy.reference);
  return { ...outcomeOf(copies, kept, stands[0]), ...(withdrawn.length > 0 ? { withdrawn } : {}) };
}

function outcomeOf(copies: readonly Copy[], kept: Copy | undefined, stands: Copy | undefined): Written {
  if (kept) {
    const { reference, resource, differences } = kept;
    if (stands) return { state: 'delivered', reference, reason: `copy-stands${suffix(wrongIn(stands))}` };
    if (differences.includes('status')) return { state: 'failed', reference, reason: 'stands-status' };
    const lost = resource === undefined ? 'not-read-back' : differences[0];
    return { state: 'delivered', reference, ...(lost === undefined ? {} : { reason: lost }) };
  }
  if (stands) return { state: 'failed', reference: stands.reference, reason: `stands${suffix(wrongIn(stands))}` };
  const [first] = [...copies].sort((a, b) => Number(wrongIn(b) !== undefined) - Number(wrongIn(a) !== undefined));
  const wrong = first && wrongIn(first);
  // Nothing wrong with it, and withdrawn: somebody over there took it back.
  return { state: 'kept', reason: wrong ? `withdrawn-${wrong}` : 'withdrawn-there', ...(first ? { reference: first.reference } : {}) };
}

/** What a copy says that was not signed, or whose chart it must not stand in. */
function wrongIn({ differences }: Copy): Difference | undefined {
  return differences.find((one) => one === 'subject' || one === 'content');
}

function suffix(difference: Difference | undefined): string {
  return difference === undefined ? '' : `-${difference}`;
}

/** The one that is on record, else the one written first; two who look at the same copies at once choose the same. */
function preferred(a: Copy, b: Copy, recorded: string | undefined): number {
  const keys = [a, b].map(({ reference, resource, differences }) => {
    const { lastUpdated = '' } = (resource?.['meta'] ?? {}) as { lastUpdated?: string };
    return `${reference === recorded ? 0 : 1}${differences.length} ${lastUpdated} ${reference}`;
  });
  return keys[0]! < keys[1]! ? -1 : 1;
}

/** Marks a copy entered-in-error over there, and looks whether it is; false where the target does not let us. */
async function withdraw(target: Target, { reference, resource }: Copy): Promise<boolean> {
  if (resource === undefined) return false;
  const { status } = await target.replace(reference, { ...resource, status: 'entered-in-error', docStatus: 'entered-in-error' });
  if (status === 409 || status === 412) throw unavailable('the EHR changed a copy while it was being withdrawn');
  const after = await target.read(reference);
  return after === 'deleted' || after === 'absent' || (typeof after === 'object' && after['status'] === 'entered-in-error');
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

/** Read back: that it stands, and that it is about this document. It has no status to withdraw it by (R4 Provenance), so a wrong one is told. */
async function confirmProvenance(target: Target, document: string, written: Written): Promise<Written> {
  if (written.state !== 'delivered') return written;
  const { reference } = written;
  const found = await target.read(reference);
  if (typeof found !== 'object') return { ...written, reason: 'not-read-back' };
  return targets(found, document) ? written : { state: 'failed', reference, reason: 'stands-target' };
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
    const id = relative(type, answer.location)?.split('/')[1] ?? idOf(answer.body, type) ?? (await find());
    // Written, so it says; where to is not known until a search finds it.
    if (id === undefined) throw new NotShown();
    return { state: 'delivered', reference: `${type}/${id}` };
  }
  if (status === 202) throw new NotShown();
  if (status < 400) throw unavailable(`the EHR answered ${status}`);
  const found = status === 412 ? await unlessRefused(find) : undefined;
  if (found !== undefined && found !== 'refused') return { state: 'delivered', reference: `${type}/${found}` };
  target.forgetPatients();
  return { state: 'kept', reason: `refused-${status}${issueCode(answer.body)}` };
}

function targets(resource: Record<string, unknown>, document: string): boolean {
  const list = Array.isArray(resource['target']) ? resource['target'] : [];
  return list.some((one: { reference?: unknown } | null) => relative('DocumentReference', one?.reference) === document);
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

/** The first issue code of an OperationOutcome: a code of FHIR's closed list, so no patient data; its diagnostics are left alone. */
function issueCode(body: Record<string, unknown> | undefined): string {
  const issues = body?.['resourceType'] === 'OperationOutcome' ? body['issue'] : undefined;
  const code: unknown = Array.isArray(issues) ? (issues[0] as { code?: unknown } | undefined)?.code : undefined;
  return typeof code === 'string' && /^[a-z-]{3,20}$/.test(code) ? `-${code}` : '';
}
