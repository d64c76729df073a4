import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sentence } from '../../core/proposal.ts';
import { Target } from './target.ts';
import { type WriteBackInput, writeBack } from './write-back.ts';

const play = fileURLToPath(new URL('../../../hospital/play.ts', import.meta.url));
const MRN = { system: 'urn:oid:2.999.1.1', value: '1000001' };
const CALM = { outage: false, conditionalCreate: true, rejectTypes: [], dropResponseAfterCommit: 0, failFirst: 0 };

describe('write-back to the play hospital, a process that shares no code with ours', () => {
  let folder: string;
  let child: ChildProcess;
  let fhirBase: string;
  let number = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'play-'));
    mkdirSync(join(folder, 'fhir', 'north-ehr'), { recursive: true });
    writeFileSync(join(folder, 'manifest.json'), '{}');
    const patient = { resourceType: 'Patient', id: `pat-${MRN.value}`, identifier: [MRN] };
    writeFileSync(join(folder, 'fhir', 'north-ehr', `${MRN.value}.json`), JSON.stringify({ entry: [{ resource: patient }] }));
    child = spawn(process.execPath, [play, '--data', folder, '--attached'], { stdio: ['pipe', 'pipe', 'inherit'] });
    fhirBase = await new Promise<string>((resolve, reject) => {
      child.once('exit', () => reject(new Error('the play hospital ended')));
      child.stdout!.once('data', (line: Buffer) => resolve((JSON.parse(line.toString()) as { fhirBase: string }).fhirBase));
    });
  });
  afterAll(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdin!.end();
    await ended;
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => behave(CALM));

  it('R137: delivers the document and its Provenance, and again changes nothing', async () => {
    const input = signed();

    const first = await writeBack(open(), input);
    const again = await writeBack(open(), input);

    expect(first).toMatchObject({ state: 'delivered', provenance: { state: 'delivered' } });
    expect(again).toEqual(first);
    expect(await written(input)).toEqual({ documents: 1, provenances: 1 });
  });

  it.each([true, false])('R22: answers dropped after the commit leave one of each (conditional create %s)', async (conditionalCreate) => {
    const inputs = Array.from({ length: 10 }, signed);
    await behave({ conditionalCreate });
    const target = open();
    for (const input of inputs) {
      await behave({ dropResponseAfterCommit: 2 });
      await deliver(target, input);
    }

    for (const input of inputs) expect(await written(input)).toEqual({ documents: 1, provenances: 1 });
  });

  it('R22: an outage and failures before the commit delay, and lose and double nothing', async () => {
    const input = signed();
    await behave({ outage: true });
    await expect(writeBack(open(), input)).rejects.toMatchObject({ code: 'ehr_unavailable' });
    await behave({ outage: false, failFirst: 3 });

    await deliver(open(), input);

    expect(await written(input)).toEqual({ documents: 1, provenances: 1 });
  });

  it('keeps here what the hospital does not take', async () => {
    await behave({ rejectTypes: ['Provenance'] });
    expect(await writeBack(open(), signed())).toMatchObject({ state: 'delivered', provenance: { state: 'kept' } });

    await behave({ rejectTypes: ['DocumentReference'] });
    expect(await writeBack(open(), signed())).toMatchObject({ state: 'kept', reason: 'type-not-accepted' });
  });

  function open(): Target {
    return new Target({ baseUrl: fhirBase, timeoutMs: 5_000 });
  }

  async function deliver(target: Target, input: WriteBackInput): Promise<void> {
    for (let tries = 0; tries < 10; tries++) {
      try {
        await writeBack(target, input);
        return;
      } catch (error) {
        expect(error).toMatchObject({ code: 'ehr_unavailable' });
      }
    }
    throw new Error('not delivered in ten tries');
  }

  async function behave(behaviour: Record<string, unknown>): Promise<void> {
    const response = await fetch(new URL('/play/behaviour', fhirBase), { method: 'POST', body: JSON.stringify(behaviour) });
    if (!response.ok) throw new Error('the play hospital did not take the behaviour');
  }

  async function written(input: WriteBackInput): Promise<{ documents: number; provenances: number }> {
    const all = await Promise.all(
      ['DocumentReference', 'Provenance'].map(async (type) => {
        const answer = await fetch(new URL(`/play/written?type=${type}`, fhirBase));
        return ((await answer.json()) as { resources: unknown[] }).resources.map((one) => JSON.stringify(one));
      }),
    );
    const [documents = [], provenances = []] = all;
    return {
      documents: documents.filter((text) => text.includes(`"value":"${input.proposalId}"`)).length,
      provenances: provenances.filter((text) => text.includes(`"value":"${input.runId}"`)).length,
    };
  }

  function signed(): WriteBackInput {
    number++;
    const sentence: Sentence = {
      id: '1',
      section: 'Results',
      text: 'HbA1c was 8.1 % on 2 Sep 2026.',
      author: { kind: 'writer', id: 'built-in@1' },
      selected: true,
      claims: [],
      verdict: { outcome: 'proven', reasons: [] },
      evidence: [],
    };
    return {
      proposalId: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
      runId: `run-${number}`,
      content: { title: 'Pre-visit summary', asOf: '2026-11-22T08:00:00.000Z', sections: ['Results'], sentences: [sentence], omitted: [] },
      document: { loinc: '34133-9', title: 'Pre-visit summary' },
      writer: { name: 'built-in', version: '1' },
      signer: { system: 'urn:staff', value: 'rivera', display: 'Dr. Rivera' },
      signedAt: '2026-11-22T08:14:00.000Z',
      patient: [MRN],
    };
  }
});
