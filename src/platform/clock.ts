/** Where the time comes from, so that a test or a replay can say what time it is. Instants are ISO 8601 UTC with milliseconds. */
export type Clock = { now(): string };

export const systemClock: Clock = {
  now: () => new Date().toISOString(),
};

/** A clock that stands at `instant` until it is moved. Refuses text that is no instant. */
export type FixedClock = Clock & {
  set(instant: string): void;
  advance(milliseconds: number): void;
};

export function fixedClock(instant: string): FixedClock {
  let at = toMilliseconds(instant);
  return {
    now: () => new Date(at).toISOString(),
    set: (next) => {
      at = toMilliseconds(next);
    },
    advance: (milliseconds) => {
      at += milliseconds;
    },
  };
}

function toMilliseconds(instant: string): number {
  const at = Date.parse(instant);
  // Without a zone Date.parse takes the machine's: the same test would then pass here and fail elsewhere.
  if (Number.isNaN(at) || !/(Z|[+-]\d\d:\d\d)$/.test(instant)) throw new RangeError('a clock needs an ISO 8601 instant with a zone');
  return at;
}
