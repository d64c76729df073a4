/* A signed note is never silently out of date: whoever looks at it, at the queue or at the chart is told what changed since, with old and new value. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProposalView, SignedDocument, WorklistItem } from '../src/core/api.ts';
import { currentPerson } from '../src/record/people.ts';
import { type Seat, startHouse, type TestHouse } from './house.ts';
import { potassium, visit } from './payloads.ts';

let house: TestHouse;
let clinician: Seat;
let patients = 0;

beforeAll(async () => {
  house = await startHouse({ ehr: false });
  clinician = await house.signIn('halloran');
});
afterAll(() => house.stop());

describe('a fact that a signed note relied on', () => {
  it('R109: corrected since is told with old and new value, on the note, in the queue and in the chart', async () => {
    const note = await signedNote();
    expect(await told(note)).toEqual({ note: [], queue: 0, chart: 0 });

    await house.send(potassium({ mrn: note.person.mrn!, value: '4.9', status: 'C', flag: 'N', reported: '20261120090000-0600' }));
    await house.settle();

    const { changedSince, sentences } = await read(note);
    expect(changedSince).toHaveLength(1);
    expect(changedSince[0]).toMatchObject({
      how: 'corrected',
      was: { display: 'Potassium', value: '5.6', unit: 'mmol/L', version: 1 },
      now: { value: '4.9', unit: 'mmol/L', version: 2, supersededAt: null },
      since: house.clock.now(),
    });
    expect(changedSince[0]!.changes).toContainEqual({ name: 'value', from: '5.6', to: '4.9' });
    const relied = changedSince[0]!.sentences.map((id) => sentences.find((one) => one.id === id)!.text);
    expect(relied.join()).toContain('Potassium was 5.6 mmol/L');
    expect(await told(note)).toEqual({ note: ['corrected'], queue: 1, chart: 1 });
  });

  it('retracted since is told', async () => {
    const note = await signedNote();

    await house.send(potassium({ mrn: note.person.mrn!, value: '5.6', status: 'W', reported: '20261120090000-0600' }));
    await house.settle();

    expect(await told(note)).toEqual({ note: ['retracted'], queue: 1, chart: 1 });
  });

  it('moved to another person since is told, without a word of them', async () => {
    const note = await signedNote();
    const [other] = await house.app.db.query<{ person: string }>(
      `select person from person_link where person <> $1 and superseded_at is null limit 1`,
      [note.patient],
    );
    await house.app.db.query(
      `update person_link set person = $2 where superseded_at is null and valid_to is null and source_person in
         (select f.source_person from fact f join proposal_fact c on c.fact = f.id where c.proposal = $1 and f.type = 'Observation')`,
      [note.id, other!.person],
    );

    const { changedSince } = await read(note);

    expect(changedSince.map(({ how, now, was }) => [how, now, was.value])).toEqual([['moved', null, '5.6']]);
    expect(JSON.stringify(changedSince)).not.toContain(other!.person);
  });

  it('sent again with the same words, or by a message that lost to what stands, is no change', async () => {
    const note = await signedNote();

    await house.send(potassium({ mrn: note.person.mrn!, value: '5.6', reported: '20261120093000-0600' }));
    await house.send(potassium({ mrn: note.person.mrn!, value: '5.1', status: 'P', flag: 'N', reported: '20261120064000-0600' }));
    await house.settle();

    expect(await told(note)).toEqual({ note: [], queue: 0, chart: 0 });
  });

  it('is told where only a human’s sentence rests on it, and not where the sentence was left out', async () => {
    const own = await signedWith(() => ['Potassium was 5.6 mmol/L on 20 Nov 2026.']);
    const carrying = await signedWith((writers) => [writers.replace('Potassium', 'Potasium')]);
    await house.app.db.query('delete from proposal_fact where proposal = any($1)', [[own.id, carrying.id]]);
    const without = await signedWith(() => []);

    for (const { person } of [own, carrying, without]) {
      await house.send(potassium({ mrn: person.mrn!, value: '4.9', status: 'C', flag: 'N', reported: '20261120090000-0600' }));
    }
    await house.settle();

    expect([await told(own), await told(carrying), await told(without)]).toEqual([
      { note: ['corrected'], queue: 1, chart: 1 },
      { note: ['corrected'], queue: 1, chart: 1 },
      { note: [], queue: 0, chart: 0 },
    ]);
  });

  it('of a person merged since is the same fact, and the note stands in the chart that stays', async () => {
    const note = await signedNote();
    const gone = note.person.mrn!;
    const kept = `7${gone.slice(1)}`;
    await house.send(adt('A04', kept));
    await house.send(adt('A40', kept, `MRG|${gone}^^^NORTH&2.999.1.1&ISO^MR`));
    await house.settle();
    const stays = await currentPerson(house.app.db, note.patient);

    expect(stays).not.toBe(note.patient);
    expect(await told(note)).toEqual({ note: [], queue: 0, chart: 0 });
  });
});

it('why is told on the clock of the site, with the instants beside it for whoever has a clock of their own', async () => {
  const draft = await offered();
  const list = await clinician.get<{ zone: string; items: WorklistItem[] }>('/api/worklist');

  expect(list.zone).toBe('America/Chicago');
  const item = list.items.find((one) => one.id === draft.id)!;
  for (const one of [item, draft]) {
    expect([one.why, one.whyUtc]).toEqual(['Visit 23 Nov 2026 10:20', 'Visit 2026-11-23T16:20:00.000Z']);
  }
});

describe('whose words a text would be', () => {
  it('is told before it is written: the writer’s with their label, or the human’s own', async () => {
    const draft = await offered();
    const { text } = draft.sentences.find((one) => one.text.startsWith('Potassium'))!;
    const texts = [text, text.replace('was', 'is'), 'She feels well and has no palpitations.'];

    const answer = await clinician.post('/api/check', {
      patient: draft.patient,
      proposal: draft.id,
      sentences: texts.map((one) => ({ text: one })),
    });

    const results = answer.body['results'] as { wordsOf: { text: string }[] }[];
    expect(results.map((one) => one.wordsOf.map((from) => from.text))).toEqual([[text], [text], []]);
    const edited = await clinician.post(`/api/proposals/${draft.id}/edit`, {
      sentences: texts.slice(1).map((one) => ({ text: one, selected: true })),
    });
    const written = (edited.body as unknown as ProposalView).sentences.filter((one) => one.author.kind === 'human');
    expect(
      written.map((one) => one.wordsOf !== undefined),
      'and is what is written then',
    ).toEqual([true, false]);
    expect((edited.body as unknown as ProposalView).signingWrites).toMatch(
      /, with 2 of \d+ sentences, 1 labelled as AI-written, 1 in a human’s own words\.$/,
    );
  });

  it('is not told of a draft about somebody else', async () => {
    const [one, other] = [await offered(), await offered()];

    const answer = await clinician.post('/api/check', { patient: one.patient, proposal: other.id, text: 'She feels well.' });

    expect(answer.status).toBe(404);
  });
});

/** What the note, the queue and the chart say of a signed note. */
async function told(note: ProposalView) {
  const { items } = await clinician.get<{ items: WorklistItem[] }>('/api/worklist?state=signed');
  const { documents } = await clinician.get<{ documents: SignedDocument[] }>(`/api/patients/${note.patient}/facts`);
  return {
    note: (await read(note)).changedSince.map((one) => one.how),
    queue: items.find((one) => one.id === note.id)!.changedSince,
    chart: documents.find((one) => one.id === note.id)!.changedSince,
  };
}

async function read(note: ProposalView): Promise<ProposalView> {
  return clinician.get<ProposalView>(`/api/proposals/${note.id}`);
}

async function signedNote(): Promise<ProposalView> {
  const draft = await offered();
  const { status } = await clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash: draft.contentHash });
  expect(status).toBe(201);
  house.clock.advance(60_000);
  return draft;
}

/** A note signed without the writer's potassium, with what a human wrote, given the writer's words. */
async function signedWith(written: (writers: string) => string[]): Promise<ProposalView> {
  const draft = await offered();
  const writers = draft.sentences.find((one) => one.text.startsWith('Potassium'))!.text;
  const own = written(writers).map((text) => ({ text, selected: true }));
  const sentences = draft.sentences.map(({ id, text, selected }) => ({ id, text, selected: selected && !text.startsWith('Potassium') }));
  const edited = await clinician.post(`/api/proposals/${draft.id}/edit`, { sentences: [...sentences, ...own] });
  const { status } = await clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash: edited.body['contentHash'] });
  expect(status).toBe(201);
  house.clock.advance(60_000);
  return draft;
}

/** A new patient with one potassium and a visit, and the draft about them. */
async function offered(): Promise<ProposalView> {
  patients += 1;
  const mrn = `6${String(patients).padStart(6, '0')}`;
  await house.send(potassium({ mrn, value: '5.6' }));
  await house.take('north-ehr', visit(mrn));
  await house.settle();
  const { items } = await clinician.get<{ items: WorklistItem[] }>('/api/worklist');
  return clinician.get<ProposalView>(`/api/proposals/${items.find((one) => one.person.mrn === mrn)!.id}`);
}

function adt(event: string, mrn: string, ...more: string[]): string {
  return [
    `MSH|^~\\&|ADT|NORTH|COUNTERSIGN|NORTH|20261120100000-0600||ADT^${event}|${event}${mrn}|P|2.5.1`,
    `EVN|${event}|20261120100000-0600`,
    `PID|1||${mrn}^^^NORTH&2.999.1.1&ISO^MR||ROWAN^EDDA||19550214|F`,
    ...more,
  ].join('\r');
}
