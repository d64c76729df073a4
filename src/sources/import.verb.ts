import type { Intake } from '../core/ports.ts';
import type { Args, Io } from '../platform/verb.ts';
import { textOf } from '../platform/verb-options.ts';
import { importPath } from './import.ts';

type ImportHouse = {
  intake: Intake;
  /** Resolves when these receipts have been read, here or by a worker elsewhere, and what is drafted here has been. */
  settle(receipts: readonly string[]): Promise<void>;
  totals(receipts: readonly string[]): Promise<ImportTotals>;
};
type ImportTotals = { received: number; stored: number; rejected: number; erased: number; reasons: { reason: string; count: number }[] };

/** `import`: every payload of a file or folder; says what was received = stored + rejected, and why. */
export async function importVerb({ intake, settle, totals }: ImportHouse, args: Args, io: Io): Promise<number> {
  const done = await importPath(String(args['path']), textOf(args['source']), intake, (progress) =>
    io.progress(`${progress.filesDone} of ${progress.files} files on disk, ${progress.receipts} receipts`),
  );
  io.progress(`${done.receipts} receipts on disk; reading them and drafting`);
  await settle(done.receiptIds);
  const { received, stored, rejected, erased, reasons } = withEmpty(await totals(done.receiptIds), done.empty);
  if (args['json']) {
    io.out(
      JSON.stringify({ files: done.files, receipts: done.receipts, repeats: done.repeats, received, stored, rejected, erased, reasons }),
    );
    return 0;
  }
  io.out(`${done.files} files, ${done.receipts} receipts, ${done.repeats} of them here before.`);
  if (erased > 0) io.out(`${erased} of them erased since in whole or part: what was erased is not kept again.`);
  io.out(`received ${received} = stored ${stored} + rejected ${rejected}`);
  // A person in doubt is one finding, and holds back every item that is about them.
  const findings = reasons.reduce((sum, { count }) => sum + count, 0);
  if (findings > 0 && findings < rejected) io.out(`  held back by ${findings} ${findings === 1 ? 'finding' : 'findings'}:`);
  for (const { reason, count } of reasons) io.out(`  ${count} × ${reason}`);
  if (rejected > 0) io.out('What was rejected is kept whole: see it under Feeds, and replay it after a fix.');
  else io.out('Drafts that follow from it are in the work queue: countersign serve');
  return 0;
}

/** A file without a byte was received and could not be used, and there is nothing of it to keep. */
function withEmpty(totals: ImportTotals, empty: number): ImportTotals {
  if (empty === 0) return totals;
  const { received, rejected, reasons } = totals;
  return {
    ...totals,
    received: received + empty,
    rejected: rejected + empty,
    reasons: [...reasons, { reason: 'empty-file', count: empty }],
  };
}
