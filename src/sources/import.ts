import type { Intake } from '../core/ports.ts';
import { filesOf, payloadsOf } from './files.ts';

/** `empty` files have no bytes to keep: they are counted as rejected, and nothing else is. */
export type ImportProgress = { files: number; filesDone: number; receipts: number; repeats: number; empty: number };
export type Imported = ImportProgress & { receiptIds: string[] };

/** How many payloads are on their way to disk at once: enough to share syncs, few enough to hold little in memory. */
const IN_FLIGHT = 16;

/** Hands every payload of a file or folder to the intake. Running it again resumes it. */
export async function importPath(
  path: string,
  source: string | undefined,
  intake: Intake,
  onProgress: (progress: ImportProgress) => void,
): Promise<Imported> {
  const files = await filesOf(path);
  const done: Imported = { files: files.length, filesDone: 0, receipts: 0, repeats: 0, empty: 0, receiptIds: [] };
  let inFlight: Promise<void>[] = [];
  for (const file of files) {
    for await (const payload of payloadsOf(file, source)) {
      if (payload.bytes.length === 0) {
        done.empty += 1;
        continue;
      }
      inFlight.push(intake(payload).then(({ receipt, repeat }) => note(done, receipt, repeat)));
      if (inFlight.length < IN_FLIGHT) continue;
      await Promise.all(inFlight);
      inFlight = [];
    }
    done.filesDone += 1;
    onProgress(done);
  }
  await Promise.all(inFlight);
  onProgress(done);
  return done;
}

function note(done: Imported, receipt: string, repeat: boolean): void {
  done.receiptIds.push(receipt);
  done.receipts += 1;
  if (repeat) done.repeats += 1;
}
