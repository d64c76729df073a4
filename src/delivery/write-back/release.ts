import { AppError, type ErrorCode } from '../../core/errors.ts';
import type { Pack } from '../../core/pack.ts';
import type { ProposalContent } from '../../core/proposal.ts';
import type { Db, Queryable } from '../../platform/database.ts';
import { errorCode } from '../../platform/error-code.ts';
import type { Pseudonym } from '../../platform/identity.ts';
import { enqueueAgain, type NewJob } from '../../platform/jobs.ts';
import { append } from '../../platform/journal.ts';
import { type DecisionFault, decisionFault, readDecision, type StandingDecision } from '../../platform/journal-verify-state.ts';
import { killPoint } from '../../platform/kill-points.ts';
import { currentPerson } from '../../record/people.ts';
import type { PatientIdentifier, Target } from './target.ts';
import { type Memory, NotShown, type WriteBackInput, type WriteBackResult, type Written, writeBack } from './write-back.ts';

/** What releasing a decision needs: where to write, and the log whose checkpoint must cover the signature first. */
export type WriteBackDesk = {
  db: Db;
  packs: readonly Pack[];
  target: Target | undefined;
  /** What the journal calls a caller: who signed is checked against the entry of the signature. */
  pseudonym: Pseudonym;
  /** Told in one word, such as `content`, how what is stored differs from what was signed. */
  onAltered?(fault: DecisionFault): void;
  now(): string;
  /** Resolves once the signature is where a power loss does not take it back: synced beside the embedded store, its entry under a signed checkpoint. */
  secured(proposal: string, journalId: bigint): Promise<void>;
};

const ACTOR = 'system:write-back';
/** The system under which a signer's id is written; a site maps it to its own practitioners. */
const SIGNER_SYSTEM = 'urn:countersign:caller';

/**
 * Writes what a clinician signed to the EHR, once, and notes what the EHR answered. Called again after any failure it finds what was written
 * and only confirms it. Throws `ehr_unavailable` while the EHR does not answer or does not name one patient: the job tries again. Throws
 * `journal_broken`, and sends nothing, where the words, the signer or the patient are not those that the journal entry of the signature
 * committed to.
 */
export async function releaseDecision(desk: WriteBackDesk, proposal: string): Promise<void> {
  const signed = await readDecision(desk.db, proposal);
  if (signed?.kind !== 'signed' || (await isSettled(desk.db, proposal))) return;
  await requireAsSigned(desk, signed);
  if (!desk.target) throw new AppError('ehr_unavailable', 'no EHR is configured; what was signed waits here');
  // A signature restored from the segments can be here before the receipts beside it were read: nobody is not who it was about.
  if (!(await isOnRecord(desk.db, signed.person))) throw new AppError('not_found', 'the record this was signed about is not read yet');

  await desk.secured(proposal, signed.journal_id);
  killPoint('before-write-back');
  try {
    if (await waitsForEarlier(desk.db, proposal))
      throw new Waiting('after-earlier', 'an earlier note about the same person waits for the EHR');
    const result = await writeBack(desk.target, await inputOf(desk, proposal, signed), await memoryOf(desk.db, proposal));
    killPoint('after-write-back');
    // They may be registered or merged there tomorrow; a signed note is not given up for that.
    if (result.state === 'kept' && UNSETTLED_PATIENT.has(result.reason)) throw new Waiting(result.reason, NO_ONE_PATIENT);
    await settle(desk, proposal, signed.person, result);
  } catch (error) {
    await noteFailure(
      desk,
      proposal,
      signed.person,
      error instanceof Waiting || error instanceof NotShown ? error.reason : errorCode(error),
    );
    throw error;
  }
}

/** What is written is the row that was checked here: it is not read again. */
async function requireAsSigned(desk: WriteBackDesk, signed: StandingDecision): Promise<void> {
  const fault = decisionFault(signed, desk.pseudonym);
  if (fault === undefined) return;
  desk.onAltered?.(fault);
  await noteFailure(desk, signed.proposal, signed.person, ALTERED);
  throw new AppError('journal_broken', 'what was signed is not what is stored; nothing is written to the EHR');
}

/** Whose chart it is there is not settled: nobody, or more than one. A registration or a merge, here or there, settles it. */
const UNSETTLED_PATIENT: ReadonlySet<string> = new Set(['patient-not-found', 'patient-not-unique', 'patient-ambiguous']);

const NO_ONE_PATIENT = 'the EHR does not name one patient for this yet; what was signed waits here';

/** Nothing is wrong with what was signed: it is tried again, and `reason` says what it waits for. */
class Waiting extends AppError {
  readonly reason: string;

  constructor(reason: string, message: string) {
    super('ehr_unavailable', message);
    this.reason = reason;
  }
}

/**
 * Notes about one person reach the EHR in the order they were signed in, also after hours of outage. One that waits for something else, as one
 * that was altered or that the EHR accepted and does not show, holds nobody up.
 */
async function waitsForEarlier(db: Queryable, proposal: string): Promise<boolean> {
  const earlier = await db.query(
    `select 1 from decision mine join proposal p on p.id = mine.proposal
       join proposal q on q.person = p.person and q.id <> p.id join decision other on other.proposal = q.id and other.kind = 'signed'
       join delivery d on d.proposal = q.id and d.surface = 'DocumentReference' and d.state = 'waiting'
      where mine.proposal = $1 and (other.decided_at, other.journal_id) < (mine.decided_at, mine.journal_id)
        and (d.reason is null or d.reason = any($2::text[])) limit 1`,
    [proposal, ['ehr_unavailable' satisfies ErrorCode, 'after-earlier', ...UNSETTLED_PATIENT]],
  );
  return earlier.length > 0;
}

/** What earlier tries left in the row of the document: where it was written, or that the EHR accepted it and did not show it. */
async function memoryOf(db: Db, proposal: string): Promise<Memory> {
  const read = async (): Promise<{ reference: string | null; reason: string | null } | undefined> => {
    const [row] = await db.query<{ reference: string | null; reason: string | null }>(
      `select reference, reason from delivery where proposal = $1 and surface = 'DocumentReference'`,
      [proposal],
    );
    return row;
  };
  return {
    reference: async () => (await read())?.reference ?? undefined,
    accepted: (await read())?.reason === 'not-shown',
    async wrote(reference) {
      await db.query(
        `update delivery set reference = $2 where proposal = $1 and surface = 'DocumentReference' and state = 'waiting' and reference is null`,
        [proposal, reference],
      );
    },
  };
}

async function inputOf(desk: WriteBackDesk, proposal: string, signed: StandingDecision): Promise<WriteBackInput> {
  const pack = desk.packs.find((one) => one.id === signed.pack);
  if (!pack) throw new AppError('not_permitted', 'the pack that wrote this draft is not installed');
  const content = JSON.parse(signed.content) as ProposalContent;
  const [writer = 'none@0'] = content.sentences.flatMap(({ author, wordsOf }) =>
    author.kind === 'writer' ? author.id : (wordsOf?.writer ?? []),
  );
  const [name = writer, version = ''] = writer.split('@');
  return {
    proposalId: proposal,
    runId: signed.run,
    content,
    document: pack.document,
    writer: { name, version },
    signer: { system: SIGNER_SYSTEM, value: signed.actor, display: signed.actor_name },
    signedAt: signed.decided_at,
    patient: await identifiersOf(desk.db, (await currentPerson(desk.db, signed.person)) ?? signed.person),
  };
}

/**
 * Identifiers an EHR may know a person by: those of named authorities, never a source's own record ids. First those that a source knows
 * the person by, which is the medical record number where it sends one. `replaced` are those that a merge put another in the place of: a
 * number that whoever was merged away was known by first, or that nobody else carries.
 */
async function identifiersOf(db: Queryable, person: string): Promise<PatientIdentifier[]> {
  return db.query(
    `select i.authority as system, i.value,
            bool_or(moved and i.authority = p.authority and i.value = p.value) or bool_and(moved) as replaced
       from person_link l join source_person p on p.id = l.source_person join ident i on i.source_person = l.source_person
       cross join lateral (select exists (select 1 from person_link before where before.source_person = l.source_person and before.person <> l.person)) as m (moved)
      where l.person = $1 and l.superseded_at is null and l.valid_to is null and i.authority not like 'urn:countersign:%'
      group by i.authority, i.value order by bool_or(i.authority = p.authority and i.value = p.value) desc, i.authority, i.value`,
    [person],
  );
}

async function isOnRecord(db: Queryable, person: string): Promise<boolean> {
  const links = await db.query('select 1 from person_link where person = $1 limit 1', [person]);
  return links.length > 0;
}

async function isSettled(db: Queryable, proposal: string): Promise<boolean> {
  const waiting = await db.query(`select 1 from delivery where proposal = $1 and state = 'waiting'`, [proposal]);
  return waiting.length === 0;
}

async function settle(desk: WriteBackDesk, proposal: string, person: string, result: WriteBackResult): Promise<void> {
  const provenance: Written = result.provenance ?? { state: 'kept', reason: 'document-not-delivered' };
  const surfaces: [string, Written][] = [
    ['DocumentReference', result],
    ['Provenance', provenance],
  ];
  const at = desk.now();
  await desk.db.transaction(async (tx) => {
    const entry = { actor: ACTOR, subject: proposal, at, person };
    for (const reference of await notYetTold(tx, proposal, result.withdrawn ?? [])) {
      await append(tx, [{ ...entry, kind: 'delivery.withdrawn', body: { surface: 'DocumentReference', reference } }]);
    }
    for (const [surface, { state, reference = null, reason = null }] of surfaces) {
      const changed = await tx.query(
        `update delivery set state = $3, reference = $4, reason = $5, attempts = attempts + 1, confirmed_at = $6
          where proposal = $1 and surface = $2 and state = 'waiting' returning surface`,
        [proposal, surface, state, reference, reason, at],
      );
      if (changed.length > 0) await append(tx, [{ ...entry, kind: KIND[state], body: { surface, reference, reason } }]);
    }
    await enqueueAgain(tx, await nextOf(tx, proposal));
  });
}

const KIND = { delivered: 'delivery.confirmed', kept: 'delivery.kept', failed: 'delivery.failed' } as const;

/** Copies that were withdrawn and are not in the journal: a try may have been killed between the two. */
async function notYetTold(tx: Queryable, proposal: string, withdrawn: readonly string[]): Promise<string[]> {
  if (withdrawn.length === 0) return [];
  const rows = await tx.query<{ body: string }>(
    `select p.body from journal j join journal_payload p on p.journal_id = j.id and p.at = j.at where j.subject = $1 and j.kind = 'delivery.withdrawn'`,
    [proposal],
  );
  const told = new Set(rows.map(({ body }) => (JSON.parse(body) as { reference?: string }).reference));
  return withdrawn.filter((reference) => !told.has(reference));
}

/** The note about the same person that waited for this one: it need not sit out its pause. */
async function nextOf(tx: Queryable, proposal: string): Promise<NewJob[]> {
  const rows = await tx.query<{ proposal: string }>(
    `select d.proposal from proposal p join proposal q on q.person = p.person
       join delivery d on d.proposal = q.id and d.surface = 'DocumentReference' and d.state = 'waiting' and d.reason = 'after-earlier'
       join decision s on s.proposal = q.id where p.id = $1 order by s.decided_at, s.journal_id limit 1`,
    [proposal],
  );
  return rows.map((row) => ({ key: `decision:${row.proposal}`, kind: 'decision', payload: { proposal: row.proposal } }));
}

/** The reason a delivery waits with when what was signed was altered since. */
const ALTERED: ErrorCode = 'journal_broken';

/**
 * Counts a try that failed, and journals it where it failed otherwise than the one before: hours of an outage are one entry, not one a minute. That
 * the EHR accepted the note is not forgotten over a later failure.
 */
async function noteFailure(desk: WriteBackDesk, proposal: string, person: string, code: string): Promise<void> {
  const at = desk.now();
  await desk.db.transaction(async (tx) => {
    const changed = await tx.query(
      `update delivery d set attempts = d.attempts + 1, reason = case when d.reason = 'not-shown' then d.reason else $2 end
         from (select proposal, surface, reason from delivery where proposal = $1 and state = 'waiting' for update) as before
        where d.proposal = before.proposal and d.surface = before.surface returning d.reason is distinct from before.reason as other`,
      [proposal, code],
    );
    if (!changed.some((row) => row['other'])) return;
    await append(tx, [{ kind: 'delivery.attempted', actor: ACTOR, subject: proposal, at, person, body: { outcome: code } }]);
  });
}
