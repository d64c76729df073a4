import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadingView } from '../core/api.ts';
import type { Intake } from '../core/ports.ts';
import { importPath } from './import.ts';
import { type PlayHospital, startPlayHospital, synthesizeHospital } from './play-hospital.ts';

export type DemoOptions = {
  /** `hospital/` in the data folder. */
  folder: string;
  patients: number;
  /** The day the synthetic charts are relative to. */
  anchor: string;
  mllp: string;
  intake: Intake;
  /** Resolves when everything taken in so far has been read and drafted from. */
  settled(onWaiting: (waiting: number) => void): Promise<void>;
  onProgress(progress: LoadingView): void;
  onExit(code: number | null): void;
};

/**
 * Fills an empty data folder with the synthetic hospital and starts its EHR, which signed notes go to. On a later start the charts are here
 * already, and only the EHR is started. Resolves with the hospital as soon as its EHR answers; loading goes on and is told as progress.
 */
export async function startDemo(options: DemoOptions): Promise<{ hospital: PlayHospital; loaded: Promise<void> }> {
  const { folder, onProgress } = options;
  await mkdir(folder, { recursive: true });
  const loaded = await isLoaded(folder);
  if (!loaded && !(await exists(join(folder, 'manifest.json')))) {
    onProgress({ state: 'loading', step: 'Inventing the hospital', done: 0, total: options.patients });
    await synthesizeHospital({ patients: options.patients, seed: '1', anchor: options.anchor, out: folder }, () => undefined);
  }
  const hospital = await startPlayHospital({
    data: folder,
    ...(loaded ? {} : { mllp: options.mllp }),
    onLine: () => undefined,
    onExit: options.onExit,
  });
  return { hospital, loaded: loaded ? Promise.resolve(onProgress(READY)) : load(options) };
}

const READY: LoadingView = { state: 'ready', step: 'Ready', done: 1, total: 1 };

async function load({ folder, intake, settled, onProgress }: DemoOptions): Promise<void> {
  try {
    const imported = await importPath(join(folder, 'fhir'), undefined, intake, ({ filesDone, files }) =>
      onProgress({ state: 'loading', step: 'Taking in charts', done: filesDone, total: files }),
    );
    await settled((waiting) =>
      onProgress({
        state: 'loading',
        step: 'Reading charts and drafting',
        done: Math.max(0, imported.receipts - waiting),
        total: imported.receipts,
      }),
    );
    await writeFile(join(folder, 'loaded.json'), JSON.stringify({ receipts: imported.receipts }));
    onProgress(READY);
  } catch (error) {
    onProgress({ state: 'failed', step: 'Loading stopped; start again to go on', done: 0, total: 1 });
    throw error;
  }
}

async function isLoaded(folder: string): Promise<boolean> {
  return exists(join(folder, 'loaded.json'));
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
