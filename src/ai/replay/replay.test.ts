import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import type { Fact } from '../../core/fact.ts';
import { documentation } from '../../packs/documentation/index.ts';
import { freezeEvidence } from '../../record/lineage.ts';
import { runPack } from '../run.ts';
import { chart, fact } from '../verify/testing/facts.ts';
import { parseRunFile, type RunFile, replayRun, sealRun } from './replay.ts';

const PACKS = [documentation];
let file: RunFile;
let text: string;

beforeAll(async () => {
  const facts = [
    fact('Observation', 'k1', { status: 'final', display: 'Potassium', value: '5.6', unit: 'mmol/L', flag: 'H', effective: '2026-11-20' }),
    fact('Condition', 'c1', { display: 'Type 2 diabetes', clinicalStatus: 'active', verification: 'confirmed', onset: '2009' }),
  ].map((one): Fact => ({ ...one, recordedAt: '', supersededAt: null, contentHash: 'ab'.repeat(32) }));
  const read = chart(facts);
  // Nothing is cited by bytes here: what evidence freezes to is covered by the journeys.
  const run = await runPack(documentation, { ...read, person: '' }, undefined, (supports, from) =>
    freezeEvidence(supports, from, async () => new Map()),
  );
  file = sealRun({ format: 'countersign-run@1', id: run.id, inputs: run.inputs, output: run.output, facts, superseded: [], bytes: [] });
  text = JSON.stringify(file);
});

it('a run file that was not touched gives the same bytes again', async () => {
  expect(file.output.sentences.length).toBeGreaterThan(1);
  expect(await replayRun(parseRunFile(text), PACKS)).toMatchObject({ id: file.id, same: true });
});

describe('a file in which anything was altered is refused, and says what differs', () => {
  it.each`
    what                        | alter                                                                                   | named
    ${'an id among the inputs'} | ${(one: RunFile) => Object.assign(one.inputs.facts[0]!, ['other', 1, 'ab'.repeat(32)])} | ${/inputs \(their hash is [0-9a-f]{12}…, the run is [0-9a-f]{12}…\), inputs.facts\[0\]/}
    ${'the instant'}            | ${(one: RunFile) => Object.assign(one.inputs, { asOf: '2026-11-23T00:00:00.000Z' })}    | ${/inputs/}
    ${'a value of a fact'}      | ${(one: RunFile) => Object.assign(one.facts[0]!.atoms[1]!, { text: '5.7' })}            | ${/facts\[0\]$/}
    ${'a fact left out'}        | ${(one: RunFile) => one.facts.pop()}                                                    | ${/facts \(1 of 2\)/}
    ${'a sentence'}             | ${(one: RunFile) => Object.assign(one.output.sentences[0]!, { text: 'All is well.' })}  | ${/output$/}
  `('$what', async ({ alter, named }) => {
    const altered = parseRunFile(text);
    (alter as (one: RunFile) => void)(altered);

    await expect(replayRun(altered, PACKS)).rejects.toThrow(named as RegExp);
  });

  it('whichever byte it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 0x20, max: 0x7e }), async (at, code) => {
        const other = String.fromCharCode(code);
        fc.pre(other !== text[at]);
        const same = await replayed(text.slice(0, at) + other + text.slice(at + 1));

        expect(same).not.toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

async function replayed(altered: string): Promise<boolean | 'refused'> {
  try {
    return (await replayRun(parseRunFile(altered), PACKS)).same;
  } catch (error) {
    if (error instanceof AppError) return 'refused';
    throw error;
  }
}
