import { ApiError, type Signed } from './api.ts';

/** How long a signature waits in this page before it is sent, so that it can be taken back. */
export const HOLD_MS = 10_000;

export type HeldSignature = {
  proposal: string;
  title: string;
  patient: string;
  contentHash: string;
  /** Who gave it: nobody else's session may send it. */
  by: string;
  state: 'held' | 'sending' | 'signed' | 'failed';
  secondsLeft: number;
  error: ApiError | undefined;
};

type Sender = (proposal: string, contentHash: string) => Promise<Signed>;
type Memory = { get(): string[]; set(ids: string[]): void };

/**
 * Signatures that a human gave and that have not left the page. Nothing is sent when the page closes: a signature
 * that nobody can take back must not be sent by a page nobody looks at. `memory` keeps the ids, no patient data, so
 * that the next page can say which drafts stayed unsigned.
 */
export class HeldSignatures {
  #held: HeldSignature[] = [];
  #timers = new Map<string, ReturnType<typeof setInterval>>();
  #listeners = new Set<() => void>();
  readonly #send: Sender;
  readonly #memory: Memory;

  constructor(send: Sender, memory: Memory) {
    this.#send = send;
    this.#memory = memory;
  }

  list = (): HeldSignature[] => this.#held;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Waits ten seconds, then sends. A draft that is held already is not held twice. */
  hold(one: { proposal: string; title: string; patient: string; contentHash: string; by: string }): void {
    if (this.#held.some((held) => held.proposal === one.proposal && (held.state === 'held' || held.state === 'sending'))) return;
    // What arrived earlier has been read by now; the strip holds what still needs an eye.
    this.#held = this.#held.filter((held) => held.proposal !== one.proposal && held.state !== 'signed');
    this.#held.push({ ...one, state: 'held', secondsLeft: HOLD_MS / 1000, error: undefined });
    this.#timers.set(
      one.proposal,
      setInterval(() => this.#tick(one.proposal), 1000),
    );
    this.#changed();
  }

  /** Takes a signature back; true when it had not been sent. Undoing what is under way is refused: the server may have it. */
  undo(proposal: string): boolean {
    const held = this.#find(proposal);
    if (held?.state !== 'held') return false;
    this.#stopTimer(proposal);
    this.#held = this.#held.filter((one) => one.proposal !== proposal);
    this.#changed();
    return true;
  }

  /** Takes back all that was not sent, as on sign-out; returns how many. */
  undoAll(): number {
    return this.#held.filter((one) => this.undo(one.proposal)).length;
  }

  /** Takes back what somebody else gave and was not sent, and forgets what came back refused: the session is another's now. */
  keepOnly(by: string): void {
    for (const one of this.#held) if (one.by !== by) this.undo(one.proposal);
    this.#held = this.#held.filter((one) => one.by === by || one.state === 'sending');
    this.#changed();
  }

  async sendNow(proposal: string): Promise<void> {
    const held = this.#find(proposal);
    if (!held || held.state === 'sending' || held.state === 'signed') return;
    this.#stopTimer(proposal);
    this.#replace(proposal, { state: 'sending', secondsLeft: 0, error: undefined });
    try {
      await this.#send(proposal, held.contentHash);
      this.#replace(proposal, { state: 'signed' });
    } catch (cause) {
      const error = cause instanceof ApiError ? cause : new ApiError(0, 'offline', 'No answer from Countersign.');
      this.#replace(proposal, { state: 'failed', error });
    }
  }

  dismiss(proposal: string): void {
    const held = this.#find(proposal);
    if (held?.state !== 'signed' && held?.state !== 'failed') return;
    this.#held = this.#held.filter((one) => one.proposal !== proposal);
    this.#changed();
  }

  #tick(proposal: string): void {
    const held = this.#find(proposal);
    if (held?.state !== 'held') this.#stopTimer(proposal);
    else if (held.secondsLeft <= 1) void this.sendNow(proposal);
    else this.#replace(proposal, { secondsLeft: held.secondsLeft - 1 });
  }

  #find(proposal: string): HeldSignature | undefined {
    return this.#held.find((one) => one.proposal === proposal);
  }

  #replace(proposal: string, change: Partial<HeldSignature>): void {
    this.#held = this.#held.map((one) => (one.proposal === proposal ? { ...one, ...change } : one));
    this.#changed();
  }

  #stopTimer(proposal: string): void {
    clearInterval(this.#timers.get(proposal));
    this.#timers.delete(proposal);
  }

  #changed(): void {
    this.#held = [...this.#held];
    this.#memory.set(this.#held.filter((one) => one.state === 'held').map((one) => one.proposal));
    for (const listener of this.#listeners) listener();
  }
}
