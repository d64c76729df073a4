import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from './clock.ts';

export type Role = 'clinician' | 'integration' | 'governance';

/** Who is calling. `name` is for people's eyes; the journal knows the caller by pseudonym only. */
export type Caller = { id: string; name: string; role: Role };

/** Everybody who may sign in to a demonstration. They exist on loopback only: app code must not offer them elsewhere. */
export const demoIdentities: readonly Caller[] = [
  { id: 'halloran', name: 'Dr. Ines Halloran', role: 'clinician' },
  { id: 'adeyemi', name: 'Dr. Tunde Adeyemi', role: 'clinician' },
  { id: 'marsh', name: 'Theo Marsh', role: 'integration' },
  { id: 'lindqvist', name: 'Dr. Karin Lindqvist', role: 'governance' },
];

export const sessionCookie = 'countersign_session';

/** Milliseconds a sign-in lasts: one shift of 12 hours. */
export const SESSION_MS = 12 * 60 * 60 * 1000;

/** One sign-in. `id` is what the journal calls it: it opens nothing. */
export type Session = { id: string; caller: Caller; expiresAt: number };

/** Who is signed in. Held in memory: after a restart everybody signs in again. */
export class Sessions {
  readonly #byDigest = new Map<string, Session>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A fresh 256-bit token; only its SHA-256 is kept. */
  open(caller: Caller): { token: string; session: Session } {
    const token = randomBytes(32).toString('base64url');
    const session = { id: randomUUID(), caller, expiresAt: this.#now() + SESSION_MS };
    this.#byDigest.set(digest(token), session);
    return { token, session };
  }

  /** The caller behind a token; undefined when unknown or expired. Comparing digests leaks nothing about a token by timing. */
  find(token: string): Caller | undefined {
    const session = this.#byDigest.get(digest(token));
    return session && session.expiresAt > this.#now() ? session.caller : undefined;
  }

  /** Ends a session at once; returns it where there was one. */
  close(token: string): Session | undefined {
    const key = digest(token);
    const session = this.#byDigest.get(key);
    this.#byDigest.delete(key);
    return session;
  }

  /** Sessions that ran out since this was last asked; they are forgotten. */
  takeExpired(): Session[] {
    const now = this.#now();
    const expired = [...this.#byDigest].filter(([, session]) => session.expiresAt <= now);
    for (const [key] of expired) this.#byDigest.delete(key);
    return expired.map(([, session]) => session);
  }

  #now(): number {
    return Date.parse(this.#clock.now());
  }
}

/** The token of a request: `Authorization: Bearer`, else the session cookie. */
export function tokenOf(request: {
  headers: { authorization?: string | undefined };
  cookies?: Record<string, string | undefined>;
}): string | undefined {
  const bearer = /^Bearer ([A-Za-z0-9._~+/=-]{1,2000})$/i.exec(request.headers.authorization ?? '')?.[1];
  return bearer ?? request.cookies?.[sessionCookie];
}

export type Pseudonym = (callerId: string) => string;

/**
 * What the journal calls a caller: HMAC-SHA-256 of the id under a key that lies in the data folder (mode 0600), so the log can be
 * published and whoever holds the key can still say who it was. The first process to need the key makes it.
 */
export function openPseudonyms(folder: string): Pseudonym {
  const key = readOrMakeKey(join(folder, 'pseudonym.key'));
  return (callerId) => `p-${createHmac('sha256', key).update(callerId).digest('hex').slice(0, 32)}`;
}

function readOrMakeKey(file: string): Buffer {
  if (!existsSync(file)) makeKey(file);
  const text = readFileSync(file, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error('pseudonym.key is not a 256-bit key in hex: restore it from a backup');
  return Buffer.from(text, 'hex');
}

/** Written whole under another name and linked, which refuses an existing file: of two starting processes one makes the key and both read the same. */
function makeKey(file: string): void {
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
