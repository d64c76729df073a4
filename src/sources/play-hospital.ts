import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The synthesiser and the play hospital are processes of their own: they speak FHIR, MLLP and files with us, nothing else. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');
const FOLDER = new URL(FROM_SOURCE ? '../../hospital/' : '../hospital/', import.meta.url);

export type Synthesis = { patients: number; seed: string; anchor: string; out: string };

/** Writes a synthetic hospital's files; `onLine` gets its progress lines. */
export async function synthesizeHospital(options: Synthesis, onLine: (line: string) => void): Promise<string> {
  const child = start('synthesize', [
    '--patients',
    String(options.patients),
    '--seed',
    options.seed,
    '--anchor',
    options.anchor,
    '--out',
    options.out,
    '--progress',
  ]);
  let summary = '';
  createInterface({ input: child.stderr! }).on('line', onLine);
  createInterface({ input: child.stdout! }).on('line', (line) => {
    summary = line;
  });
  await ended(child, 'the synthesiser');
  return summary;
}

export type PlayHospital = { fhirBase: string; stop(): Promise<void> };

/** Starts the play hospital's EHR, which also sends its HL7 messages to `mllp` where that is given. Resolves once it answers. */
export async function startPlayHospital(options: {
  data: string;
  mllp?: string;
  onLine(line: string): void;
  onExit(code: number | null): void;
}): Promise<PlayHospital> {
  const child = start('play', ['--data', options.data, '--port', '0', '--attached', ...(options.mllp ? ['--mllp', options.mllp] : [])]);
  createInterface({ input: child.stderr! }).on('line', options.onLine);
  child.on('exit', (code) => options.onExit(code));
  const fhirBase = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the play hospital did not start')));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const ready = /"fhirBase":"([^"]+)"/.exec(line)?.[1];
      if (ready) resolve(ready);
      options.onLine(line);
    });
  });
  return {
    fhirBase,
    async stop() {
      if (child.exitCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    },
  };
}

function start(script: string, args: string[]): ChildProcess {
  // Our own environment stays ours: no database URL or token reaches a process that plays a stranger.
  return spawn(process.execPath, [fileURLToPath(new URL(`${script}.${FROM_SOURCE ? 'ts' : 'js'}`, FOLDER)), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '' },
  });
}

async function ended(child: ChildProcess, what: string): Promise<void> {
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${what} ended with ${code}`);
}
