/* What must never be signed, whatever a reviewer, a script or a race does through the doors. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProposalView, WorklistItem } from '../src/core/api.ts';
import type { Claim } from '../src/core/claim.ts';
import type { Draft, Pack, PackContext } from '../src/core/pack.ts';
import type { ProposalContent } from '../src/core/proposal.ts';
import { onReceipt } from '../src/flow.ts';
import { documentation } from '../src/packs/documentation/index.ts';
import { type Seat, startHouse, type TestHouse } from './house.ts';
import { potassium, visit } from './payloads.ts';

/** A writer that lies about a potassium, invents a drug, and says one thing that nothing proves or denies. */
const LIES: Claim[] = [
  { kind: 'result', concept: { name: 'Potassium' }, value: { value: '3.9', unit: 'mmol/L' }, on: '2026-11-20' },
  { kind: 'problem', concept: { name: 'Zorblatt syndrome' }, state: 'active' },
];
const liar: Pack = {
  ...documentation,
  write(context: PackContext): Draft {
    const honest = documentation.write(context);
    return {
      ...honest,
      sentences: [...honest.sentences, ...LIES.map((claim) => ({ section: honest.sections[0]!, claims: [claim], cites: [] }))],
    };
  },
};
/** A writer of whose draft nothing is true. */
const fraud: Pack = {
  ...documentation,
  id: 'fraud',
  write: (context) => ({ ...liar.write(context), sections: ['All'], sentences: [{ section: 'All', claims: [LIES[0]!], cites: [] }] }),
};

let house: TestHouse;
let clinician: Seat;
let other: Seat;
let patients = 0;

beforeAll(async () => {
  house = await startHouse({ ehr: false, packs: [liar, fraud] });
  clinician = await house.signIn('halloran');
  other = await house.signIn('adeyemi');
});
afterAll(() => house.stop());

describe('a sentence that the chart contradicts', () => {
  it('is left out of the draft, listed with its reason, and the rest stays signable', async () => {
    const draft = await newDraft();
    const lie = draft.sentences.find((one) => one.text.includes('3.9'))!;

    expect(lie).toMatchObject({ selected: false, verdict: { outcome: 'contradicted' } });
    expect(lie.verdict.reasons[0]?.text).toContain('5.6');
    expect((await clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash: draft.contentHash })).status).toBe(201);
  });

  it.each`
    way                                   | change
    ${'as it was'}                        | ${(lie: { id: string; text: string }) => ({ id: lie.id, text: lie.text, selected: true })}
    ${'without its id'}                   | ${(lie: { text: string }) => ({ text: lie.text, selected: true })}
    ${'in capitals'}                      | ${(lie: { id: string; text: string }) => ({ id: lie.id, text: lie.text.toUpperCase(), selected: true })}
    ${'with other spaces'}                | ${(lie: { id: string; text: string }) => ({ id: lie.id, text: lie.text.replaceAll(' ', '  '), selected: true })}
    ${'acknowledged'}                     | ${(lie: { id: string; text: string }) => ({ id: lie.id, text: lie.text, selected: true, acknowledged: true })}
    ${'with a letter that does not show'} | ${(lie: { text: string }) => ({ text: lie.text.replace('Potas', 'Potas\u200b'), selected: true, acknowledged: true })}
    ${'in look-alike letters'}            | ${(lie: { text: string }) => ({ text: lie.text.replace('o', 'о'), selected: true, acknowledged: true })}
    ${'under the id of another'}          | ${(lie: { text: string }, another: { id: string }) => ({ id: another.id, text: lie.text, selected: true })}
    ${'with another mark at its end'}     | ${(lie: { text: string }) => ({ text: lie.text.replace(/\.$/, '!'), selected: true, acknowledged: true })}
    ${'in letters of no usual table'}     | ${(lie: { text: string }) => ({ text: lie.text.replaceAll('o', '\u0585').replace('g', '\u0261'), selected: true, acknowledged: true })}
    ${'behind a prefix'}                  | ${(lie: { text: string }) => ({ text: `Note: ${lie.text}`, selected: true, acknowledged: true })}
    ${'with a typing error'}              | ${(lie: { text: string }) => ({ text: lie.text.replace('ss', 's'), selected: true, acknowledged: true })}
    ${'joined to another'}                | ${(lie: { text: string }, another: { text: string }) => ({ text: `${another.text} ${lie.text}`, selected: true, acknowledged: true })}
  `('R98: cannot be put back $way', async ({ change }) => {
    const draft = await newDraft();
    const lie = draft.sentences.find((one) => one.text.includes('3.9'))!;

    const answer = await clinician.post(`/api/proposals/${draft.id}/edit`, { sentences: [change(lie, draft.sentences[0])] });

    expect([answer.status, answer.body.code]).toEqual([422, 'contradicted']);
  });

  it('R3: whatever is tried through the doors, none is signed, and nothing unproven without its source having been opened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step(), { minLength: 1, maxLength: 8 }), async (steps) => {
        const draft = await newDraft();
        for (const one of steps) await one(draft);
        const seen = await clinician.get<ProposalView>(`/api/proposals/${draft.id}`);
        await clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash: seen.contentHash });

        const [row] = await house.app.db.query<{ content: string; state: string }>('select content, state from proposal where id = $1', [
          draft.id,
        ]);
        if (row!.state !== 'signed') return;
        const released = (JSON.parse(row!.content) as ProposalContent).sentences.filter((sentence) => sentence.selected);
        const writers = released.filter((sentence) => sentence.author.kind === 'writer');
        expect(writers.filter((sentence) => sentence.verdict.outcome === 'contradicted')).toEqual([]);
        for (const sentence of writers.filter((one) => one.verdict.outcome === 'unproven')) {
          expect(await house.journalKinds(sentence.id)).toContain('source.opened');
        }
        for (const sentence of released.filter((one) => one.author.kind === 'human' && one.verdict.outcome === 'contradicted')) {
          expect(sentence.acknowledged).toBe(true);
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('a sentence that nothing proves', () => {
  it('is unselected until its source was opened by the one who accepts it', async () => {
    const draft = await newDraft();
    const doubtful = draft.sentences.find((one) => one.text.includes('Zorblatt'))!;
    const accept = {
      sentences: draft.sentences.map((one) => ({ id: one.id, text: one.text, selected: one.selected || one.id === doubtful.id })),
    };

    const early = await clinician.post(`/api/proposals/${draft.id}/edit`, accept);
    await clinician.post(`/api/lineage/${doubtful.id}/opened`);
    const byAnother = await other.post(`/api/proposals/${draft.id}/edit`, accept);
    const late = await clinician.post(`/api/proposals/${draft.id}/edit`, accept);

    expect(doubtful).toMatchObject({ selected: false, verdict: { outcome: 'unproven' } });
    expect([early.status, early.body.code]).toEqual([422, 'source_unopened']);
    expect([byAnother.status, byAnother.body.code]).toEqual([422, 'source_unopened']);
    expect(late.status).toBe(201);
  });
});

describe("the writer's words", () => {
  it("stay the writer's, with verdict and label, when they are typed again without their id", async () => {
    const draft = await newDraft();
    const doubtful = draft.sentences.find((one) => one.text.includes('Zorblatt'))!;

    const unopened = await clinician.post(`/api/proposals/${draft.id}/edit`, { sentences: [{ text: doubtful.text, selected: true }] });
    const proven = await clinician.post(`/api/proposals/${draft.id}/edit`, {
      sentences: [{ text: draft.sentences[0]!.text, selected: true }],
    });

    expect([unopened.status, unopened.body.code]).toEqual([422, 'source_unopened']);
    expect((proven.body as unknown as ProposalView).sentences[0]).toMatchObject({ id: draft.sentences[0]!.id, author: { kind: 'writer' } });
  });

  it('R30: keep the label in what a human made of them, also after they were rewritten and written back', async () => {
    const draft = await newDraft();
    const drafted = draft.sentences.find((one) => one.text.includes('5.6'))!;
    const send = async (text: string, id?: string) => {
      const answer = await clinician.post(`/api/proposals/${draft.id}/edit`, {
        sentences: [{ text, id, selected: true, acknowledged: true }],
      });
      return (answer.body as unknown as ProposalView).sentences.find((one) => one.selected)!;
    };

    const rewritten = await send('Repeat in the clinic tomorrow.', drafted.id);
    const around = await send(`Told her daughter by telephone: ${drafted.text}`, rewritten.id);
    const again = await send(`Told her daughter by phone today: ${drafted.text}`, around.id);
    const back = await send(drafted.text);

    expect([rewritten.author.kind, rewritten.wordsOf]).toEqual(['human', undefined]);
    for (const one of [around, again]) {
      expect(one).toMatchObject({ author: { kind: 'human' }, wordsOf: { sentences: [drafted.id], writer: 'built-in@1' } });
    }
    expect(back).toMatchObject({ id: drafted.id, author: { kind: 'writer' } });
  });

  it.each(['<5.6', '-5.6', '5.6%', '5.7'])('changed to %s are a human sentence, never silently the old one', async (value) => {
    const draft = await newDraft();
    const potassium = draft.sentences.find((one) => one.text.includes('5.6'))!;
    const text = potassium.text.replace('5.6', value);

    const answer = await clinician.post(`/api/proposals/${draft.id}/edit`, {
      sentences: [{ id: potassium.id, text, selected: true, acknowledged: true }],
    });

    expect((answer.body as unknown as ProposalView).sentences[0]).toMatchObject({
      text,
      author: { kind: 'human' },
      replaces: potassium.id,
    });
    expect((answer.body as unknown as ProposalView).sentences[0]?.wordsOf).toBeUndefined();
  });

  it('that are withheld stay listed with their reason when they are rewritten', async () => {
    const draft = await newDraft();
    const lie = draft.sentences.find((one) => one.text.includes('3.9'))!;

    const answer = await clinician.post(`/api/proposals/${draft.id}/edit`, {
      sentences: [{ id: lie.id, text: 'Potassium is being repeated today.', selected: true }],
    });

    const listed = (answer.body as unknown as ProposalView).sentences.find((one) => one.id === lie.id);
    expect(listed).toMatchObject({ selected: false, verdict: { outcome: 'contradicted' } });
  });

  it('cannot be listed twice', async () => {
    const draft = await newDraft();
    const twice = { id: draft.sentences[0]!.id, text: draft.sentences[0]!.text, selected: true };

    expect((await clinician.post(`/api/proposals/${draft.id}/edit`, { sentences: [twice, twice] })).status).toBe(400);
  });
});

describe('a sentence that a human writes', () => {
  it('around a withheld one is theirs to acknowledge, and another signer acknowledges for themselves', async () => {
    const draft = await newDraft();
    const lie = draft.sentences.find((one) => one.text.includes('3.9'))!;
    const around = { text: `Outside lab: ${lie.text}`, section: draft.sections[0], selected: true };

    const silent = await clinician.post(`/api/proposals/${draft.id}/edit`, { sentences: [around] });
    const kept = await clinician.post(`/api/proposals/${draft.id}/edit`, { sentences: [{ ...around, acknowledged: true }] });
    const { contentHash } = kept.body as unknown as ProposalView;

    expect([silent.status, silent.body.code]).toEqual([422, 'unacknowledged']);
    expect((await other.post(`/api/proposals/${draft.id}/signature`, { contentHash })).body.code).toBe('unacknowledged');
    expect((await clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash })).status).toBe(201);
  });

  it('is not lost when the record changes under the draft: it comes along, to be looked at again', async () => {
    const draft = await newDraft();
    const mine = { text: 'Daughter will drive her.', section: draft.sections[0], selected: true };
    await clinician.post(`/api/proposals/${draft.id}/edit`, {
      sentences: [mine, ...draft.sentences.map(({ id, text, selected }) => ({ id, text, selected }))],
    });
    await house.take('', potassium({ mrn: draft.person.mrn!, value: '5.3', status: 'C', reported: '20261121070000-0600' }));
    await house.settle();

    const { items } = await clinician.get<{ items: WorklistItem[] }>('/api/worklist');
    const fresh = await clinician.get<ProposalView>(
      `/api/proposals/${items.find((item) => item.person.mrn === draft.person.mrn && item.pack === 'documentation')!.id}`,
    );
    expect(fresh.id).not.toBe(draft.id);
    expect(fresh.sentences.find((one) => one.text === mine.text)).toMatchObject({ selected: false, author: { kind: 'human' } });
  });

  it('is theirs: checked, a contradiction shown and to be acknowledged, never blocked, never labelled as AI', async () => {
    const draft = await newDraft();
    const mine = { text: 'Potassium was 4.1 mmol/L on 20 Nov 2026.', section: draft.sections[0], selected: true };

    const refused = await clinician.post(`/api/proposals/${draft.id}/edit`, { sentences: [mine] });
    const kept = await clinician.post(`/api/proposals/${draft.id}/edit`, { sentences: [{ ...mine, acknowledged: true }] });
    const view = kept.body as unknown as ProposalView;
    const signed = await clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash: view.contentHash });

    expect([refused.status, refused.body.code]).toEqual([422, 'unacknowledged']);
    expect(view.sentences[0]).toMatchObject({
      author: { kind: 'human', id: 'halloran' },
      selected: true,
      verdict: { outcome: 'contradicted' },
    });
    expect(signed.status).toBe(201);
  });
});

it('a draft of which nothing is proven is blocked, listed as such, and signed by nobody', async () => {
  await newDraft();
  const { items } = await clinician.get<{ items: WorklistItem[] }>('/api/worklist?state=blocked');
  const blocked = items.filter((item) => item.pack === 'fraud').at(-1)!;
  const { contentHash } = await clinician.get<ProposalView>(`/api/proposals/${blocked.id}`);

  const answer = await clinician.post(`/api/proposals/${blocked.id}/signature`, { contentHash });

  expect(answer.status).toBe(422);
});

describe('what was shown is what is signed', () => {
  it('another hash than the one of this draft is refused', async () => {
    const draft = await newDraft();

    const answer = await clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash: '0'.repeat(64) });

    expect([answer.status, answer.body.code]).toEqual([409, 'hash']);
  });

  it.each`
    change                        | lines
    ${'a cited result corrected'} | ${{ value: '5.2', status: 'C', reported: '20261121070000-0600' }}
    ${'a cited result withdrawn'} | ${{ value: '5.6', status: 'D', reported: '20261121070000-0600' }}
    ${'a newer result arrived'}   | ${{ value: '5.9', status: 'F', reported: '20261121080000-0600', filler: 'NL9', taken: '20261121070000-0600' }}
  `('R135: with $change the answer is 409 stale with the difference, and a fresh draft waits', async ({ lines }) => {
    const draft = await newDraft();
    const mrn = draft.person.mrn!;
    await house.take('', potassium({ mrn, ...lines }));
    // The facts are recorded, but the flow has not drafted again yet: the click races the correction.
    await onReceipt(house.app.house);

    const answer = await clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash: draft.contentHash });
    await house.settle();

    expect([answer.status, answer.body.code]).toEqual([409, 'stale']);
    const { changes, successor } = answer.body['details'] as { changes: unknown[]; successor: string };
    expect(changes.length).toBeGreaterThan(0);
    const { items } = await clinician.get<{ items: WorklistItem[] }>('/api/worklist');
    expect(items.filter((item) => item.person.mrn === mrn && item.pack === 'documentation')).toHaveLength(1);
    expect(successor).not.toBe(draft.id);
    expect(items.find((item) => item.person.mrn === mrn && item.pack === 'documentation')?.id).toBe(successor);
  });

  it('a correction racing the click: one of them is first, and a signed note never holds what was already corrected', async () => {
    for (let round = 0; round < 6; round += 1) {
      const draft = await newDraft();
      await house.take('', potassium({ mrn: draft.person.mrn!, value: '5.1', status: 'C', reported: '20261121070000-0600' }));

      const [answer] = await Promise.all([
        clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash: draft.contentHash }),
        house.app.worker.drain(),
      ]);

      const [order] = await house.app.db.query<{ signed: bigint | null; corrected: bigint | null }>(
        `select (select min(id) from journal where subject = $1 and kind = 'decision.signed') as signed,
                (select max(j.id) from journal j join receipt r on j.subject = r.id::text where j.kind = 'facts.recorded' and j.at >= $2) as corrected`,
        [draft.id, draft.offeredAt],
      );
      if (answer.status === 201) expect(Number(order!.signed)).toBeLessThan(Number(order!.corrected));
      else expect([answer.status, answer.body.code]).toEqual([409, 'stale']);
      await house.settle();
    }
  });

  it('two clicks at once sign once', async () => {
    const draft = await newDraft();
    const click = (seat: Seat) => seat.post(`/api/proposals/${draft.id}/signature`, { contentHash: draft.contentHash });

    const answers = await Promise.all([click(clinician), click(other), click(clinician)]);

    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409]);
    expect((await house.journalKinds(draft.id)).filter((kind) => kind === 'decision.signed')).toHaveLength(1);
  });

  it('only a clinician decides', async () => {
    const draft = await newDraft();
    const engineer = await house.signIn('marsh');

    for (const path of ['signature', 'edit', 'decline', 'escalate']) {
      const answer = await engineer.post(`/api/proposals/${draft.id}/${path}`, {
        contentHash: draft.contentHash,
        reason: 'x',
        sentences: [],
      });
      expect([path, answer.status, answer.body.code]).toEqual([path, 403, 'not_permitted']);
    }
  });

  it('R3: a declined draft cannot be signed, and its reason is in the journal alone', async () => {
    const draft = await newDraft();

    expect((await clinician.post(`/api/proposals/${draft.id}/decline`, { reason: 'seen already' })).status).toBe(201);
    const answer = await clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash: draft.contentHash });

    expect([answer.status, answer.body.code]).toEqual([409, 'decided']);
  });
});

type Step = (draft: ProposalView) => Promise<unknown>;

/** One thing somebody might do: select anything, reword anything, open any source, acknowledge anything, in any order. */
function step(): fc.Arbitrary<Step> {
  const at = fc.nat({ max: 20 });
  return fc.oneof(
    at.map(
      (n): Step =>
        (draft) =>
          clinician.post(`/api/lineage/${pick(draft, n).id}/opened`),
    ),
    fc.tuple(at, fc.boolean(), fc.boolean(), fc.constantFrom('same', 'upper', 'edited', 'no-id')).map(
      ([n, all, acknowledged, how]): Step =>
        (draft) =>
          clinician.post(`/api/proposals/${draft.id}/edit`, {
            sentences: (all ? draft.sentences : [pick(draft, n)]).map((one) => ({
              ...(how === 'no-id' ? {} : { id: one.id }),
              text: how === 'upper' ? one.text.toUpperCase() : how === 'edited' ? one.text.replace(/\d/, '7') : one.text,
              selected: true,
              acknowledged,
            })),
          }),
    ),
    fc.constant<Step>((draft) => clinician.post(`/api/proposals/${draft.id}/escalate`, { reason: 'second opinion' })),
  );
}

function pick(draft: ProposalView, n: number): ProposalView['sentences'][number] {
  return draft.sentences[n % draft.sentences.length]!;
}

/** A new patient with a potassium and a visit tomorrow, and the draft about them. */
async function newDraft(): Promise<ProposalView> {
  patients += 1;
  const mrn = `5${String(patients).padStart(6, '0')}`;
  await house.take('', potassium({ mrn, value: '5.6' }));
  await house.take('north-ehr', visit(mrn));
  await house.settle();
  const { items } = await clinician.get<{ items: WorklistItem[] }>('/api/worklist');
  const item = items.find((one) => one.person.mrn === mrn && one.pack === 'documentation');
  if (!item) throw new Error('no draft was offered');
  return clinician.get<ProposalView>(`/api/proposals/${item.id}`);
}
