import { AppError } from '../core/errors.ts';
import type { Queryable } from './database.ts';
import { toHex } from './digest.ts';
import { readStoredEntries, type StoredEntry } from './journal-rows.ts';

/** First member of the first line of an exported journal. */
export const EXPORT_FORMAT = 'countersign-journal/1';

/**
 * The log as lines of JSON for a verifier without a database: a header, then every entry and, behind the last entry it covers, every
 * checkpoint. Without `payloads` it holds no patient data. Yields text in pieces of whole lines. Members stand in a fixed order, and
 * `header` and `body` are the very bytes that were hashed.
 */
export async function* exportJournal(
  db: Queryable,
  options: { origin: string; verifierKeys: readonly string[]; payloads?: boolean },
): AsyncGenerator<string> {
  const payloads = options.payloads === true;
  const checkpoints = await db.query<{ size: bigint; note: string }>('select size, note from checkpoint order by size');
  const last = checkpoints.at(-1);
  const head = {
    format: EXPORT_FORMAT,
    origin: options.origin,
    keys: options.verifierKeys,
    payloads,
    checkpoints: checkpoints.length,
    checkpoint: last?.note ?? '',
  };
  yield `${JSON.stringify(head)}\n`;

  let next = 0;
  for await (const entries of readStoredEntries(db, { from: 0, to: Number(last?.size ?? 0), payloads })) {
    let text = '';
    for (const entry of entries) {
      text += `${entryLine(entry)}\n`;
      for (; next < checkpoints.length && Number(checkpoints[next]!.size) === entry.index + 1; next++) {
        text += `${checkpointLine(checkpoints[next]!.note)}\n`;
      }
    }
    yield text;
  }
}

/** One entry as an exported line. */
export function entryLine({ index, header, hash, journal, payload }: StoredEntry): string {
  if (journal === undefined) throw new AppError('journal_broken', `entry ${index} of the log is gone; run journal verify`);
  const secret = payload === undefined ? '' : `,"salt":"${toHex(payload.salt)}","body":${payload.body}`;
  return `{"index":${index},"leaf":"${toHex(hash)}","header":${header},"commitment":"${toHex(journal.commitment)}"${secret}}`;
}

/** One checkpoint as an exported line. */
export function checkpointLine(note: string): string {
  return JSON.stringify({ checkpoint: note });
}
