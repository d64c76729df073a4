/* The play hospital's EHR as a process of its own: it outlives the servers that are killed. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type PlayEhr = {
  base: string;
  /** What others wrote to it. */
  written(type: string): Promise<Record<string, unknown>[]>;
  /** Turns its knobs: an outage, for instance. */
  behave(behaviour: Record<string, unknown>): Promise<void>;
  stop(): Promise<void>;
};

const PLAY = fileURLToPath(new URL('../../hospital/play.ts', import.meta.url));

/** Serves an EHR that knows these medical record numbers. */
export async function startPlayEhr(folder: string, mrns: readonly string[]): Promise<PlayEhr> {
  const charts = join(folder, 'fhir', 'north-ehr');
  mkdirSync(charts, { recursive: true });
  for (const mrn of mrns) writeFileSync(join(charts, `${mrn}.json`), JSON.stringify(patientBundle(mrn)));
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ patients: mrns.map((mrn) => ({ mrn })) }));
  const child = spawn(process.execPath, [PLAY, '--data', folder, '--port', '0', '--attached'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const base = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the play EHR did not start')));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = /"fhirBase":"([^"]+)"/.exec(line)?.[1];
      if (ready) resolve(ready);
    });
  });
  const play = base.replace(/\/fhir$/, '/play');
  return {
    base,
    async written(type) {
      const answer = await fetch(`${play}/written?type=${type}`);
      return ((await answer.json()) as { resources: Record<string, unknown>[] }).resources;
    },
    async behave(behaviour) {
      const body = JSON.stringify(behaviour);
      const answer = await fetch(`${play}/behaviour`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      if (!answer.ok) throw new Error(`the play EHR refused the knob with ${answer.status}`);
    },
    async stop() {
      child.stdin.end();
      await closed;
    },
  };
}

function patientBundle(mrn: string): unknown {
  const resource = { resourceType: 'Patient', id: `pat-${mrn}`, identifier: [{ system: 'urn:oid:2.999.1.1', value: mrn }] };
  return { resourceType: 'Bundle', type: 'transaction', entry: [{ resource, request: { method: 'PUT', url: `Patient/pat-${mrn}` } }] };
}
