import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BATCHES } from '../../src/app.ts';
import { type House, onReceipt } from '../../src/flow.ts';
import { payloadReader } from '../../src/interop/read-payload.ts';
import type { Db } from '../../src/platform/database.ts';
import { openScratchPglite, openScratchPostgres } from '../../src/platform/scratch-database.ts';
import { openIntake } from '../../src/record/intake.ts';
import { synthesizeHospital } from '../../src/sources/play-hospital.ts';

/** The instant at which benches read and draft; charts are relative to this day. */
export const NOW = '2026-11-22T12:00:00.000Z';

/** Charts of the synthetic hospital as Bundles, handed to each database that was asked for in turn; `db` is undefined where no server answers. */
export async function* onEachDatabase(
  patients: number,
  only?: Db['kind'],
): AsyncIterable<{ kind: 'postgres' | 'pglite'; db: Db | undefined; bundles: Buffer[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  try {
    await synthesizeHospital({ patients, seed: '7', anchor: NOW.slice(0, 10), out: folder }, () => undefined);
    const charts = join(folder, 'fhir', 'north-ehr');
    const bundles = await Promise.all((await readdir(charts)).sort().map((name) => readFile(join(charts, name))));
    if (only !== 'pglite') yield { kind: 'postgres', db: await openScratchPostgres(), bundles };
    if (only !== 'postgres') yield { kind: 'pglite', db: await openScratchPglite(join(folder, 'pgdata')), bundles };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Takes Bundles in as the product does: stored, validated, recorded, journalled. Returns the receipts' ids. */
export async function takeIn(db: Db, bundles: readonly Buffer[]): Promise<string[]> {
  const now = (): string => NOW;
  const intake = openIntake({ db, now, log: undefined, maxBytes: 64 << 20, onStored: () => undefined });
  const house: House = {
    db,
    packs: [],
    intake,
    read: payloadReader({ feedZones: new Map(), authorities: new Map() }),
    batch: BATCHES[db.kind],
    writeBack: { db, packs: [], target: undefined, pseudonym: (id) => id, now, secured: async () => undefined },
    now,
  };
  const taken = await Promise.all(
    bundles.map((bytes) =>
      intake({ source: 'north-ehr', door: 'files', contentType: 'application/fhir+json', bytes: new Uint8Array(bytes) }),
    ),
  );
  await onReceipt(house);
  return taken.map((one) => one.receipt);
}
