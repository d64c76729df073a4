import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sentence } from '../../core/proposal.ts';
import { Target } from './target.ts';
import { type Memory, type WriteBackInput, type WriteBackResult, writeBack } from './write-back.ts';

const play = fileURLToPath(new URL('../../../hospital/play.ts', import.meta.url));
const MRN = { system: 'urn:oid:2.999.1.1', value: '1000001' };
const SOMEBODY_ELSE = { system: MRN.system, value: '0000001' };
const CALM = {
  ...{ outage: false, conditionalCreate: true, rejectTypes: [], dropResponseAfterCommit: 0, failFirst: 0 },
  ...{ alter: [], createTwice: 0, refuseUpdates: false, lagReads: 0, tooMany: 0 },
};

describe('write-back to the play hospital, a process that shares no code with ours', () => {
  let folder: string;
  let child: ChildProcess;
  let fhirBase: string;
  let number = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'play-'));
    mkdirSync(join(folder, 'fhir', 'north-ehr'), { recursive: true });
    writeFileSync(join(folder, 'manifest.json'), '{}');
    for (const identifier of [MRN, SOMEBODY_ELSE]) {
      const patient = { resourceType: 'Patient', id: `pat-${identifier.value}`, identifier: [identifier] };
      writeFileSync(join(folder, 'fhir', 'north-ehr', `${identifier.value}.json`), JSON.stringify({ entry: [{ resource: patient }] }));
    }
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

  it.each`
    ehr                                          | behaviour                                       | state          | reason                 | stand
    ${'alters the words'}                        | ${{ alter: ['content'] }}                       | ${'kept'}      | ${'withdrawn-content'} | ${['entered-in-error']}
    ${'files it under somebody else'}            | ${{ alter: ['subject'] }}                       | ${'kept'}      | ${'withdrawn-subject'} | ${['entered-in-error']}
    ${'alters the words and lets nobody change'} | ${{ alter: ['content'], refuseUpdates: true }}  | ${'failed'}    | ${'stands-content'}    | ${['current']}
    ${'files it elsewhere for good'}             | ${{ alter: ['subject'], refuseUpdates: true }}  | ${'failed'}    | ${'stands-subject'}    | ${['current']}
    ${'takes it for a preliminary note'}         | ${{ alter: ['docStatus'] }}                     | ${'failed'}    | ${'stands-status'}     | ${['current']}
    ${'drops the AI label'}                      | ${{ alter: ['label'] }}                         | ${'delivered'} | ${'label'}             | ${['current']}
    ${'drops our identifier'}                    | ${{ alter: ['identifier'] }}                    | ${'delivered'} | ${'identifier'}        | ${['current']}
    ${'writes it twice'}                         | ${{ createTwice: 1 }}                           | ${'delivered'} | ${undefined}           | ${['current', 'entered-in-error']}
    ${'writes it twice, promising nothing'}      | ${{ createTwice: 1, conditionalCreate: false }} | ${'delivered'} | ${undefined}           | ${['current', 'entered-in-error']}
    ${'writes it twice and lets nobody change'}  | ${{ createTwice: 1, refuseUpdates: true }}      | ${'delivered'} | ${'copy-stands'}       | ${['current', 'current']}
    ${'writes it twice, in other words'}         | ${{ createTwice: 1, alter: ['content'] }}       | ${'kept'}      | ${'withdrawn-content'} | ${['entered-in-error', 'entered-in-error']}
  `('R137: where the EHR $ehr, the note is $state ($reason), and again changes nothing', async ({ behaviour, state, reason, stand }) => {
    const input = signed();
    const memory = remembering();
    await behave(behaviour);

    const first = await writeBack(open(), input, memory);
    const again = await writeBack(open(), input, memory);

    expect([first.state, first.reason]).toEqual([state, reason]);
    expect(again).toEqual(first);
    const copies = await copiesOf(input);
    expect(copies.map((one) => one['status']).sort()).toEqual(stand);
    expect((await written(input)).provenances).toBe(state === 'delivered' ? 1 : 0);
    const standing = copies.find((one) => one['status'] === 'current');
    if (state !== 'kept') expect(first.reference).toBe(`DocumentReference/${standing?.['id']}`);
  });

  it('R137: a withdrawal whose answer is lost is withdrawn once, and told', async () => {
    const input = signed();
    await behave({ alter: ['content'], dropResponseAfterCommit: 2 });

    for (let tries = 0; tries < 2; tries++) await expect(writeBack(open(), input)).rejects.toMatchObject({ code: 'ehr_unavailable' });
    const result = await writeBack(open(), input);

    expect(result).toMatchObject({ state: 'kept', reason: 'withdrawn-content', withdrawn: [result.reference] });
    const [copy, ...more] = await copiesOf(input);
    expect([copy?.['status'], copy?.['meta'], more]).toEqual(['entered-in-error', expect.objectContaining({ versionId: '2' }), []]);
  });

  it('R137: of copies written at once one stands, the same for everybody who looks', async () => {
    await behave({ conditionalCreate: false });
    for (let round = 0; round < 5; round++) {
      const input = signed();
      const tries = await Promise.allSettled([1, 2, 3].map(() => writeBack(open(), input)));
      for (const one of tries) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'ehr_unavailable' });

      const last = await writeBack(open(), input);

      const standing = (await copiesOf(input)).filter((one) => one['status'] === 'current');
      expect([last.state, last.reference]).toEqual(['delivered', `DocumentReference/${standing[0]?.['id']}`]);
      expect(standing).toHaveLength(1);
    }
  });

  it.each([true, false])(
    'R137: what the EHR accepted and does not show yet is waited for, not sent again (conditional create %s)',
    async (conditionalCreate) => {
      const input = signed();
      const memory = remembering();
      // It ignores our identifier, so only what it answered says where the note is.
      await behave({ conditionalCreate, lagReads: 3, alter: ['identifier'] });
      for (let tries = 0; tries < 3; tries++) await expect(writeBack(open(), input, memory)).rejects.toMatchObject({ reason: 'not-shown' });

      expect(await writeBack(open(), input, memory)).toMatchObject({ state: 'delivered', reason: 'identifier' });
      expect(await copiesOf(input)).toHaveLength(1);
    },
  );

  it('leaves an EHR alone for as long as it asks to, and no longer than a quarter of an hour', async () => {
    let [now, asked] = [0, 0];
    const answers = [
      new Response(null, { status: 429, headers: { 'retry-after': '120' } }),
      new Response(null, { status: 503, headers: { 'retry-after': new Date(3_600_000).toUTCString() } }),
    ];
    const busy = new Target({ baseUrl: fhirBase, clock: () => now, fetch: async () => answers[asked++] ?? Response.error() });
    const ask = async (at: number): Promise<number> => {
      now = at;
      await expect(busy.abilities()).rejects.toMatchObject({ code: 'ehr_unavailable' });
      return asked;
    };

    expect([await ask(0), await ask(119_999), await ask(120_000), await ask(120_000 + 15 * 60_000 - 1)]).toEqual([1, 1, 2, 2]);
    expect(await ask(120_000 + 15 * 60_000)).toBe(3);
  });

  it('R137: whatever the EHR does at each try, what stands in the end is the note as it was signed, or nothing, or a person is told', async () => {
    const once = fc.integer({ min: 0, max: 1 });
    const mood = fc.record({
      ...{ conditionalCreate: fc.boolean(), refuseUpdates: fc.boolean(), outage: fc.boolean() },
      ...{ createTwice: once, lagReads: once, failFirst: once, tooMany: once, dropResponseAfterCommit: fc.integer({ min: 0, max: 2 }) },
      alter: fc.subarray(['content', 'subject', 'docStatus', 'label']),
    });
    const ends = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(mood, { minLength: 1, maxLength: 4 }), async (moods) => {
        const input = signed();
        const memory = remembering();
        let result: WriteBackResult | undefined;
        for (const one of [...moods, CALM, CALM, CALM]) {
          if (result) break;
          await behave({ ...CALM, ...one });
          result = await writeBack(open(), input, memory).catch((error: unknown) => {
            expect(error).toMatchObject({ code: 'ehr_unavailable' });
            return undefined;
          });
        }
        await behave(CALM);

        const standing = (await copiesOf(input)).filter((one) => one['status'] === 'current');
        const wrong = standing.filter((one) => !saysWhatWasSigned(one));
        const told = result!.state === 'failed' || result!.reason?.startsWith('copy-stands');
        if (!told) expect(wrong).toEqual([]);
        if (!told) expect(standing).toHaveLength(result!.state === 'delivered' ? 1 : 0);
        if (result!.state === 'delivered') expect(standing.map((one) => `DocumentReference/${one['id']}`)).toContain(result!.reference);
        expect((await written(input)).provenances).toBeLessThanOrEqual(1);
        ends.add(`${result!.state} ${result!.reason ?? ''}`);
      }),
      { numRuns: 120, seed: 137 },
    );
    expect(ends.size).toBeGreaterThan(5);
  });

  /** Its words, its patient. What the play hospital alters are the digits. */
  function saysWhatWasSigned(one: Record<string, unknown>): boolean {
    const [page] = one['content'] as { attachment: { data: string } }[];
    const { reference } = one['subject'] as { reference: string };
    return (
      Buffer.from(page!.attachment.data, 'base64').toString().includes('HbA1c was 8.1 % on 2 Sep 2026.') &&
      reference === `Patient/pat-${MRN.value}`
    );
  }

  /** Where this note's copies were written, as the row of the delivery keeps it. */
  function remembering(): Memory {
    let known: string | undefined;
    return {
      reference: async () => known,
      accepted: false,
      async wrote(reference) {
        known = reference;
      },
    };
  }

  /** By the words that only this note says, because the identifier may be gone. */
  async function copiesOf(input: WriteBackInput): Promise<Record<string, unknown>[]> {
    const answer = await fetch(new URL('/play/written?type=DocumentReference', fhirBase));
    const { resources } = (await answer.json()) as { resources: Record<string, unknown>[] };
    return resources.filter((one) => one['description'] === input.content.title);
  }

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
      content: {
        title: `Pre-visit summary ${number}`,
        asOf: '2026-11-22T08:00:00.000Z',
        sections: ['Results'],
        sentences: [sentence],
        omitted: [],
      },
      document: { loinc: '34133-9', title: 'Pre-visit summary' },
      writer: { name: 'built-in', version: '1' },
      signer: { system: 'urn:staff', value: 'rivera', display: 'Dr. Rivera' },
      signedAt: '2026-11-22T08:14:00.000Z',
      patient: [MRN],
    };
  }
});
