import type { Purpose } from '../core/ports.ts';
import type { Caller } from '../platform/identity.ts';
import type { JournalRow } from '../platform/journal.ts';
import type { JournalWriter } from '../platform/journal-writer.ts';
import { PERMIT_MS } from './access.ts';

/** What an answer shows: somebody's record, something with an id of its own (a draft, a run, a receipt, a sentence), or one by way of the other. */
export type Look = { person?: string; subject?: string };
/** Who looks, what for, and through which door: method and route template, never an address, which may hold a name. */
export type Reader = { caller: Caller; purpose: Purpose; door: string };
/** Who was refused; nobody where the call had no caller, as a sign-in has none. */
export type Refused = { caller: Caller | undefined; door: string };

/** Enough for 500 readers of 200 people each in five minutes; past it the oldest is forgotten, which costs a row and loses none. */
const REMEMBERED = 100_000;

/**
 * Journals who looked at what. Reading on is one act: what a caller is shown through a door is written once in the life of a permit, and so is
 * a refusal, so that neither a busy page nor a flood of refused calls fills a log that is kept for ever.
 */
export class AccessLog {
  readonly #writer: JournalWriter;
  readonly #now: () => string;
  readonly #pseudonym: (callerId: string) => string;
  readonly #looks = new Map<string, { until: number; writing: Promise<unknown> | undefined }>();
  readonly #refusals = new Map<string, { until: number; repeated: number }>();

  constructor({ writer, now, pseudonym }: { writer: JournalWriter; now(): string; pseudonym(callerId: string): string }) {
    this.#writer = writer;
    this.#now = now;
    this.#pseudonym = pseudonym;
  }

  /** Resolves once each of these looks stands in the journal. Rejects where one cannot be written: then nothing may be shown. */
  async read({ caller, purpose, door }: Reader, looks: readonly Look[]): Promise<void> {
    const at = this.#now();
    const instant = Date.parse(at);
    this.#forget(instant);
    const writing: Promise<unknown>[] = [];
    for (const { person, subject } of looks) {
      const key = `${caller.id}\n${purpose}\n${door}\n${person ?? ''}\n${subject ?? ''}`;
      const known = this.#looks.get(key);
      if (known?.writing) writing.push(known.writing);
      if (known) continue;
      const body = { purpose, role: caller.role, door };
      const about = { ...(person === undefined ? {} : { person }), ...(subject === undefined ? {} : { subject }) };
      writing.push(this.#write(key, instant, { kind: 'access.read', actor: this.#pseudonym(caller.id), at, body, ...about }));
    }
    await Promise.all(writing);
  }

  /** Resolves once an act that belongs to an answer stands in the journal: in one commit with the looks noted in the same turn. */
  async act(row: JournalRow): Promise<void> {
    await this.#writer.write(row);
  }

  /** Notes a refused call. `repeated` in the body is how often the same caller was refused there since the row before. */
  async refused({ caller, door }: Refused): Promise<void> {
    const at = this.#now();
    const instant = Date.parse(at);
    const key = `${caller?.id ?? ''}\n${door}`;
    const before = this.#refusals.get(key);
    if (before && before.until > instant) {
      before.repeated += 1;
      return;
    }
    this.#refusals.set(key, { until: instant + PERMIT_MS, repeated: 0 });
    const repeated = before?.repeated ? { repeated: before.repeated } : {};
    const body = { door, ...(caller ? { role: caller.role } : {}), ...repeated };
    await this.#writer.write({ kind: 'access.refused', actor: caller ? this.#pseudonym(caller.id) : 'anonymous', at, body });
  }

  #write(key: string, instant: number, row: JournalRow): Promise<unknown> {
    const entry: { until: number; writing: Promise<unknown> | undefined } = { until: instant + PERMIT_MS, writing: undefined };
    entry.writing = this.#writer.write(row).then(
      () => {
        entry.writing = undefined;
      },
      (error: unknown) => {
        if (this.#looks.get(key) === entry) this.#looks.delete(key);
        throw error;
      },
    );
    this.#looks.set(key, entry);
    return entry.writing;
  }

  /** All windows are equally long, so what was written first runs out first. */
  #forget(instant: number): void {
    for (const [key, { until }] of this.#looks) {
      if (until > instant && this.#looks.size <= REMEMBERED) return;
      this.#looks.delete(key);
    }
  }
}
