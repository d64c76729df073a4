import type { Db } from './database.ts';
import { append, type JournalRow } from './journal.ts';

/** Appends rows that belong to no business change of their own, such as a read or a card shown. */
export type JournalWriter = {
  /** Resolves with the entry's id once it is committed. */
  write(row: JournalRow): Promise<bigint>;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
};

/**
 * Writes rows that arrive while a commit is under way together, as one statement that is its own commit: one trip and one flush to disk for
 * many callers. A row that is refused fails alone; the others of its group are written.
 */
export function openJournalWriter(db: Db, options: { group?: number } = {}): JournalWriter {
  const waiting: Waiting[] = [];
  const size = options.group ?? 500;
  let writing = false;
  let running: Promise<void> = Promise.resolve();

  async function writeAll(): Promise<void> {
    // One turn of the event loop, so that rows written together are stored together.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) await writeGroup(db, waiting.splice(0, size));
    // In the same step that found nothing waiting: a row that comes in between would wait for another to wake the writer.
    writing = false;
  }

  return {
    write(row) {
      return new Promise((resolve, reject) => {
        waiting.push({ row, resolve, reject });
        if (writing) return;
        writing = true;
        running = writeAll();
      });
    },
    async idle() {
      await running;
    },
  };
}

type Waiting = { row: JournalRow; resolve: (id: bigint) => void; reject: (error: unknown) => void };

async function writeGroup(db: Db, group: readonly Waiting[]): Promise<void> {
  try {
    const ids = await append(db, group.map(({ row }) => row)); // biome-ignore format: short
    group.forEach(({ resolve }, i) => {
      resolve(ids[i]!);
    });
  } catch (error) {
    const [only, ...others] = group;
    if (others.length === 0) only!.reject(error);
    else for (const one of group) await writeGroup(db, [one]);
  }
}
