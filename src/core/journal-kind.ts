/**
 * Everything that can happen, in the past tense: the closed list of journal kinds, each with its meaning. Measures are counts over
 * these names, so a name once released keeps its meaning. A kind is added by the change that writes it; a name nothing writes is no promise.
 */
export const journalKinds = {
  'receipt.stored': 'a payload arrived and its bytes are kept',
  'receipt.repeated': 'the same bytes came again from the same source; nothing changed',
  'receipt.reread': "a named person had a receipt, or all of a feed, read again with today's maps and settings",
  'facts.recorded': 'a receipt became fact versions, listed by id, version, hash of the content and hash of all else they say',
  'facts.superseded': 'fact versions were corrected or retracted',
  'item.quarantined': 'a payload or a part of one waits for a person or a fix',
  'quarantine.closed': 'a quarantined item was replayed or dismissed',
  'person.linked': 'a source person was joined to a person',
  'person.merged': 'a source said that two of its persons are one',
  'run.finished': 'a pack ran; subject is the run id',
  'proposal.offered': 'a proposal entered the work queue',
  'proposal.opened': 'a named person opened a proposal',
  'source.opened': 'a named person looked at the source of a sentence',
  'proposal.edited': 'a named person changed a proposal',
  'proposal.stale': 'a cited fact changed before the signature',
  'proposal.withdrawn': 'a proposal was taken back before a decision',
  'proposal.blocked': 'verification or policy keeps a proposal from being signed',
  'work.claimed': 'a named person said that they work on a proposal, until a time; work under way renews it',
  'work.handed': 'a named person handed a proposal to a colleague, with a reason',
  'work.released': 'a named person gave a proposal back to everybody',
  'decision.signed': 'a named human signed',
  'decision.declined': 'a named human declined, with a reason',
  'decision.escalated': 'a named human passed a proposal on, with a reason',
  'delivery.attempted': 'a write-back or message was tried',
  'delivery.confirmed': 'the target confirmed that it keeps what was signed',
  'delivery.failed': 'what stands in the target is not what was signed, or nothing is left to write; a person has to act',
  'delivery.kept': 'the target does not accept this, or what it made of it was withdrawn there; it is kept here and referenced',
  'delivery.withdrawn': 'a copy in the target that was not what was signed, or one too many, is marked entered-in-error there',
  'delivery.closed': 'a named person saw to a delivery that needed one, with a reason',
  'delivery.reopened': 'a named person had what the target did not take sent again',
  'session.opened': 'someone signed in',
  'session.closed': 'someone signed out or was signed out',
  'access.read': 'a record was read, with purpose',
  'access.refused': 'a read or an action was refused',
  'erasure.done': 'payloads and bytes of a person were destroyed; the body lists which entries',
  'check.answered': 'verdicts were given on a text from outside',
  'cds.shown': 'a card was answered to an EHR',
  'cds.feedback': 'an EHR reported what became of a card',
  'config.changed': 'a setting changed what the record says: a start gave identifiers the name of their authority',
  'journal.rolledback': 'the database was found older than a checkpoint outside it, and work went on knowingly',
  'record.rebuilt':
    'what the database had lost of the record, or held otherwise than it was recorded, was put back; the body says how much',
  'job.died': 'a job failed for good and waits for a person',
} as const satisfies Record<string, string>;

export type JournalKind = keyof typeof journalKinds;

/** True for a kind on the list. */
export function isJournalKind(kind: string): kind is JournalKind {
  return Object.hasOwn(journalKinds, kind);
}
