import type { Io } from './verb.ts';

/**
 * Standard output for results, standard error for complaints, and on a terminal one line of progress that is wiped before anything else is
 * said. Whoever reads our output may leave early, as `head` does: no failure, and what is open is still closed in order.
 */
export function openTerminal(): Io {
  let gone = false;
  let showing = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      gone ||= stream === process.stdout;
    });
  }
  function wipe(): void {
    if (showing) process.stderr.write(WIPE);
    showing = false;
  }
  return {
    out(line) {
      wipe();
      if (!gone) process.stdout.write(`${line}\n`);
    },
    err(line) {
      wipe();
      process.stderr.write(`${line}\n`);
    },
    progress(line) {
      if (!process.stderr.isTTY) return;
      process.stderr.write(WIPE + line);
      showing = true;
    },
    gone: () => gone,
  };
}

/** Back to the first column, and the rest of the line away (ECMA-48 EL). */
const WIPE = '\r\u001b[K';
