import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where public sample data stands, and whether it is here; tests that need it skip with one line where it is not. */
export const dataFolder = resolve(process.env['COUNTERSIGN_SAMPLES'] ?? '../shared/data');
export const hasData = existsSync(dataFolder);

/** `it` names for tests over sample data say why they skip. */
export const needsData = hasData ? '' : ' (skipped: no sample data; set COUNTERSIGN_SAMPLES)';

/** JSON files of a folder under the data folder, in name order. */
export function jsonFiles(folder: string): { name: string; bytes: Uint8Array }[] {
  const at = join(dataFolder, folder);
  return readdirSync(at, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(at, name))) }));
}

/** JSON files of a .tar.xz under the data folder, unpacked for this call only. */
export function jsonFilesOfArchive(archive: string): { name: string; bytes: Uint8Array }[] {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-samples-'));
  try {
    execFileSync('tar', ['xJf', join(dataFolder, archive), '-C', folder]);
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(folder, name))) }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
