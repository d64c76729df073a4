import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../core/errors.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The built user interface: beside src in the checkout, and in the same place in the published package. */
export const webFolder = join(ROOT, 'web', 'dist');

/** Builds the user interface where the checkout has none or an older one; a published package brings it built. Refuses where Vite fails. */
export async function buildWebIfNeeded(onBuild: () => void): Promise<void> {
  if (!existsSync(join(ROOT, 'web', 'vite.config.ts')) || isFresh()) return;
  onBuild();
  // Beside the old one, and put in its place only when whole: a build that is interrupted leaves what was there.
  const workshop = mkdtempSync(join(ROOT, 'web', '.countersign-build-'));
  try {
    const fresh = join(workshop, 'dist');
    await runVite(fresh);
    rmSync(webFolder, { recursive: true, force: true });
    renameSync(fresh, webFolder);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

async function runVite(outDir: string): Promise<void> {
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
  if (!existsSync(vite)) {
    throw new AppError(
      'config_invalid',
      'the user interface is not built, and Vite is not here to build it (npm ci with NODE_ENV=production leaves it out): run npm ci --include=dev',
    );
  }
  const build = spawn(process.execPath, [vite, 'build', 'web', '--outDir', outDir, '--emptyOutDir', '--logLevel', 'error'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise<number | null>((resolve) => build.once('close', resolve));
  if (code !== 0) throw new AppError('internal', 'the user interface could not be built: see what Vite said above');
}

function isFresh(): boolean {
  const built = join(webFolder, 'index.html');
  if (!existsSync(built)) return false;
  return Math.max(newest(join(ROOT, 'web', 'src')), newest(join(ROOT, 'src', 'core'))) <= statSync(built).mtimeMs;
}

function newest(folder: string): number {
  return Math.max(...readdirSync(folder, { recursive: true }).map((name) => statSync(join(folder, String(name))).mtimeMs));
}
