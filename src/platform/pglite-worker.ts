/*
 * The thread PGlite lives in: a heavy query in the main thread would stop every door for its length. It carries protocol bytes
 * and nothing else. PGlite runs with fsync off; durability of what was acknowledged is the intake segments' task.
 */

import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

type Request = { bytes: Uint8Array } | { dump: string } | { close: true };

const port = parentPort;
if (!port) throw new Error('this file runs as a worker thread');
const { folder, copyOf } = workerData as { folder: string | undefined; copyOf: string | undefined };
// A process killed between making this file and writing it leaves one that no start accepts. Who else has the folder open is for our own lock to say.
if (folder !== undefined) await rm(join(folder, 'postmaster.pid'), { force: true });
const database = await PGlite.create({
  dataDir: folder ?? 'memory://',
  ...(copyOf === undefined ? {} : { loadDataDir: new Blob([await readFile(copyOf)]) }),
});

port.on('message', async (request: Request) => {
  try {
    if ('close' in request) {
      await database.close();
      port.postMessage({ closed: true });
      port.close();
      return;
    }
    if ('dump' in request) {
      port.postMessage(await dump(request.dump));
      return;
    }
    const reply = await answer(request.bytes);
    port.postMessage({ reply }, [reply.buffer]);
  } catch (error) {
    port.postMessage({ failed: error instanceof Error ? error.message : String(error) });
  }
});
port.postMessage({ ready: true });

/**
 * What the engine answers, as it comes. PGlite's own collecting of answers (`execProtocolRaw`, `execProtocolRawSync`) also reads every row into
 * objects and keeps them until the process ends: time for each answer, and memory for all that was ever read.
 */
async function answer(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  await database.execProtocolRawStream(bytes, {
    syncToFs: false,
    onRawData(piece) {
      // A view of the engine's memory, which it writes on in.
      pieces.push(piece.slice());
      size += piece.length;
    },
  });
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A tar of the data folder, whole or not there at all. A full disk here is no reason to stop the database. */
async function dump(file: string): Promise<{ dumped: true } | { refused: string }> {
  try {
    const tar = await database.dumpDataDir('none');
    const partial = `${file}.${process.pid}.partial`;
    const handle = await open(partial, 'w', 0o600);
    await handle.writeFile(Buffer.from(await tar.arrayBuffer()));
    await handle.sync();
    await handle.close();
    await rename(partial, file);
    return { dumped: true };
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
}
