import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, type Signed } from './api.ts';
import { HeldSignatures } from './held-signatures.ts';

const draft = { proposal: 'p-1', title: 'Pre-visit summary', patient: 'Osgood', contentHash: 'abc', by: 'halloran' };

describe('R135: a signature can be taken back for ten seconds', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('sends nothing before the tenth second and then exactly once, with the hash that was read', async () => {
    const { held, sent } = desk();

    held.hold(draft);
    held.hold(draft);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);

    expect(sent).toEqual([['p-1', 'abc']]);
    expect(held.list()[0]?.state).toBe('signed');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(1);
  });

  it('sends nothing once undone', async () => {
    const { held, sent } = desk();

    held.hold(draft);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(held.undo('p-1')).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);

    expect(sent).toEqual([]);
    expect(held.list()).toEqual([]);
  });

  it('refuses to undo what is already under way', async () => {
    const { held, answer } = desk(true);

    held.hold(draft);
    const sending = held.sendNow('p-1');

    expect(held.undo('p-1')).toBe(false);
    answer();
    await sending;
    expect(held.list()[0]?.state).toBe('signed');
  });

  it('takes all back on leaving, and remembers only ids for the next page', async () => {
    const { held, sent, memory } = desk();

    held.hold(draft);
    held.hold({ ...draft, proposal: 'p-2' });
    expect(memory.ids).toEqual(['p-1', 'p-2']);
    expect(held.undoAll()).toBe(2);
    await vi.advanceTimersByTimeAsync(60_000);

    expect(sent).toEqual([]);
    expect(memory.ids).toEqual([]);
  });

  it('keeps a refusal on screen and sends again only when asked', async () => {
    const { held, sent, refuseNext } = desk();

    refuseNext(new ApiError(409, 'stale', 'changed'));
    held.hold(draft);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(held.list()[0]).toMatchObject({ state: 'failed', error: { code: 'stale' } });
    expect(sent).toHaveLength(1);

    await held.sendNow('p-1');
    expect(held.list()[0]?.state).toBe('signed');
    expect(sent).toHaveLength(2);
  });
});

function desk(waits = false) {
  const sent: [string, string][] = [];
  const memory = { ids: [] as string[], get: () => memory.ids, set: (ids: string[]) => void (memory.ids = ids) };
  let refusal: ApiError | undefined;
  let release: () => void = () => undefined;
  const held = new HeldSignatures(async (proposal, contentHash): Promise<Signed> => {
    sent.push([proposal, contentHash]);
    const error = refusal;
    refusal = undefined;
    if (error) throw error;
    if (waits) await new Promise<void>((resolve) => (release = resolve));
    return { state: 'signed' };
  }, memory);
  return { held, sent, memory, answer: () => release(), refuseNext: (error: ApiError) => void (refusal = error) };
}
