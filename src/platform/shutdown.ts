export type Closer = () => Promise<void>;

/** Milliseconds in which a process that is told to stop finishes what is under way: below the 30 s after which supervisors kill. */
export const DRAIN_MS = 25_000;

/** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once, as a kill would: nothing acknowledged is lost by that. */
export async function toldToStop(): Promise<void> {
  await new Promise<void>((resolve) => {
    const told = (): void => {
      process.once('SIGTERM', atOnce).once('SIGINT', atOnce);
      resolve();
    };
    process.once('SIGTERM', told).once('SIGINT', told);
  });
}

/** Closes one after the other; false where that took longer than `deadlineMs`. One that fails does not keep the others open. */
export async function closeInOrder(closers: readonly Closer[], deadlineMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), deadlineMs);
  });
  const failures: unknown[] = [];
  const all = (async () => {
    for (const close of closers) await close().catch((error: unknown) => failures.push(error));
    return true as const;
  })();
  const inTime = await Promise.race([all, late]);
  clearTimeout(timer);
  if (failures.length > 0) throw failures[0];
  return inTime;
}

function atOnce(): void {
  process.exit(1);
}
