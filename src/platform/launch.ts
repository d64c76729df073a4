#!/usr/bin/env node
/**
 * What `npx countersign` starts. The command needs Node 24; under an older one, which this file still runs on, it starts itself again with the
 * Node 24 that comes as a dependency, and says what to do where none came.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
const command = new URL('../cli.js', import.meta.url);

if (Number.parseInt(process.versions.node, 10) >= NEEDED) await import(command.href);
else startAgain(installedNode());

function startAgain(node: string | undefined): void {
  if (node === undefined) {
    process.stderr.write(
      `countersign needs Node ${NEEDED}; this is ${process.version}, and the one that is installed with it is missing (npm install --ignore-scripts leaves it out): install Node ${NEEDED}, or run npm rebuild node\n`,
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, [fileURLToPath(command), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => {
    if (signal === null) process.exitCode = code ?? 1;
    else process.kill(process.pid, 'SIGKILL');
  });
}

/** The binary of the npm package `node`; undefined where its install script did not run. */
function installedNode(): string | undefined {
  try {
    const binary = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}
