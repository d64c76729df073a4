import { type RebuildHouse, rebuild } from '../../governance/rebuild.ts';
import type { JournalReport } from '../../platform/journal-report.ts';
import type { Args, Io } from '../../platform/verb.ts';

export type RebuildVerbHouse = RebuildHouse & {
  /** The broken database that was put under another name before the store was opened. */
  setAside: string | undefined;
  /** Drafts anew where the record says something else now. */
  settle(): Promise<void>;
  verify(): Promise<JournalReport>;
};

/** What a database alone held; printed where one was set aside. */
const ONLY_THERE = [
  'What only the old database held is gone: who looked at what, cards shown in the EHR, leases, measures of drafts nobody acted on (these are drafted anew).',
  'The log begins anew and says so: it names the last checkpoint of the old one, which is kept in checkpoints.log.',
  'Recorded times are those at which each receipt was acknowledged; a receipt that was read again later with other settings is as it reads today.',
];

/** `doctor --rebuild`: the record as it was acknowledged and journalled; 1 where something recorded could not be brought back. */
export async function rebuildVerb(house: RebuildVerbHouse, args: Args, io: Io): Promise<number> {
  const { setAside } = house;
  const rebuilt = await rebuild(house, (line) => io.progress(line));
  io.progress('Drafting what is due, then checking the log …');
  await house.settle();
  const { ok, problems, problemCount } = await house.verify();
  if (args['json']) io.out(JSON.stringify({ ...rebuilt, setAside: setAside ?? null, verified: ok, problems }));
  else {
    const { receipts, read, people, facts, decisions, deliveries } = rebuilt;
    if (setAside) io.out(`The database could not be read: it was set aside as ${setAside}, and a new one begun.`);
    io.out(
      receipts + read + people + facts + decisions + deliveries === 0
        ? 'Nothing was missing or altered.'
        : `Put back: ${receipts} receipts, ${people} people, ${facts} versions of facts, ${decisions} decisions, ${deliveries} deliveries. Read for the first time here: ${read} receipts.`,
    );
    if (setAside) for (const line of ONLY_THERE) io.out(line);
    if (setAside) io.out(`Delete ${setAside} once you need it no more: it holds patient data that an erasure does not reach.`);
    if (ok) io.out('The log is whole, and the tables say what it committed to. Serve it with: countersign serve');
    for (const problem of problems) io.err(`  ${problem.code}: ${problem.message}`);
  }
  if (rebuilt.lost > 0)
    io.err(
      `${rebuilt.lost} versions of facts are not what today's reading of their receipts gives: put the database back from a backup for these.`,
    );
  if (!ok) io.err(`The log still disagrees in ${problemCount} places: read docs/guides/journal.md.`);
  return ok && rebuilt.lost === 0 ? 0 : 1;
}
