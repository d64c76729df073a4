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
    const reply = database.execProtocolRawSync(request.bytes);
    port.postMessage({ reply }, [reply.buffer as ArrayBuffer]);
  } catch (error) {
    port.postMessage({ failed: error instanceof Error ? error.message : String(error) });
  }
});
port.postMessage({ ready: true });

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
