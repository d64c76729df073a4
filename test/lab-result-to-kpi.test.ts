/*
 * One lab result from the wire to the number: bytes, fact, draft, verdict, signature, chart, measure. Read it as the story of the product.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LineageView, ProposalView, WorklistItem } from '../src/core/api.ts';
import type { AuditBundle } from '../src/delivery/review/audit.ts';
import { type Seat, startHouse, type TestHouse } from './house.ts';

const MRN = '4471902';
let house: TestHouse;
let clinician: Seat;
let draft: ProposalView;

beforeAll(async () => {
  house = await startHouse({ now: '2026-11-22T15:00:00.000Z' });
  clinician = await house.signIn('halloran');
});
afterAll(() => house.stop());

describe('one lab result, door to KPI', () => {
  it('R30: a potassium arrives over MLLP and is answered once it is on disk; so is its correction', async () => {
    await house.send(admission());
    const first = await house.send(potassium({ control: 'NL1', value: '6.5', status: 'F', reported: '20261120065500-0600' }));
    const corrected = await house.send(potassium({ control: 'NL2', value: '5.6', status: 'C', reported: '20261120070200-0600' }));

    expect(first).toMatch(/MSA\|AA\|NL1/);
    expect(corrected).toMatch(/MSA\|AA\|NL2/);
  });

  it('a visit is booked in the EHR, which asks for a pre-visit summary', async () => {
    await house.take('north-ehr', chart());
    await house.settle();

    const { items } = await clinician.get<{ items: WorklistItem[] }>('/api/worklist?role=clinician');
    expect(items.map((item) => [item.title, item.person.mrn, item.state])).toEqual([['Pre-visit summary', MRN, 'offered']]);
    draft = await clinician.get<ProposalView>(`/api/proposals/${items[0]!.id}`);
  });

  it('R130: the draft says the corrected value, what it replaced, and every sentence is proven and cited', async () => {
    const sentence = draft.sentences.find((one) => one.text.startsWith('Potassium'))!;

    expect(sentence.text).toBe(
      'Potassium was 5.6 mmol/L on 20 Nov 2026 (reference 3.5–5.1), high, corrected from 6.5 mmol/L, the latest on record.',
    );
    expect(draft.sentences.map((one) => one.verdict.outcome)).toEqual(draft.sentences.map(() => 'proven'));
    expect(draft.sentences.every((one) => one.evidence.length > 0)).toBe(true);
  });

  it('R143: the sentence leads back to the bytes of the HL7 field', async () => {
    const sentence = draft.sentences.find((one) => one.text.startsWith('Potassium'))!;
    const value = sentence.evidence.find((one) => one.kind === 'span' && one.quote === '5.6');
    const lineage = await clinician.get<LineageView>(`/api/lineage/${sentence.id}`);

    expect(value).toMatchObject({ path: expect.stringMatching(/^ORU_R01\/OBX\[1\]-5/) });
    if (value?.kind !== 'span') throw new Error('no span');
    const bytes = await clinician.bytes(`/api/receipts/${value.receipt}/bytes`);
    expect(bytes.subarray(value.start, value.end).toString()).toBe('5.6');
    expect(house.sha256(bytes.subarray(value.start, value.end))).toBe(value.sha256);
    expect(lineage.facts.map((fact) => [fact.value, fact.supersededAt === null])).toContainEqual(['6.5', false]);
  });

  it('R135: the clinician signs exactly what was shown, once', async () => {
    const signed = await clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash: draft.contentHash });
    const again = await clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash: draft.contentHash });

    expect(signed.status).toBe(201);
    expect([again.status, again.body.code]).toEqual([409, 'decided']);
  });

  it('R137: the note stands in the EHR once, labelled as AI-written and signed by the clinician', async () => {
    await house.settle();
    await house.settle();

    const [document, ...more] = await house.writtenTo('DocumentReference');
    expect(more).toEqual([]);
    expect(document).toMatchObject({
      docStatus: 'final',
      authenticator: { display: 'Dr. Ines Halloran' },
      meta: { security: [{ code: 'AIAST' }] },
    });
    const text = Buffer.from(
      (document as { content: { attachment: { data: string } }[] }).content[0]!.attachment.data,
      'base64',
    ).toString();
    expect(text).toContain('Potassium was 5.6 mmol/L on 20 Nov 2026');
    expect(await house.writtenTo('Provenance')).toHaveLength(1);
  });

  it('R136: every step is in the journal, and the journal proves itself', async () => {
    expect(await house.journalKinds(draft.id)).toEqual([
      'proposal.offered',
      'proposal.opened',
      'access.read',
      'decision.signed',
      'delivery.confirmed',
      'delivery.confirmed',
    ]);
    expect(await house.verifyJournal()).toMatchObject({ ok: true, problems: [] });
  });

  it('R11: one call says who did what, when, why and from which bytes, whichever id of it is asked about', async () => {
    const sentence = draft.sentences.find((one) => one.text.startsWith('Potassium'))!;
    const bundle = await clinician.get<AuditBundle & { decision: { journalId: number }; deliveries: { reference: string }[] }>(
      `/api/audit/${draft.id}`,
    );
    const { entries, who, reads } = bundle;

    expect(bundle).toMatchObject({
      kind: 'proposal',
      why: 'Visit 2026-11-23T16:20:00.000Z, internal medicine',
      what: { state: 'signed', contentHash: draft.contentHash },
      run: { id: draft.runId, policy: expect.any(String), verifier: expect.any(String), writer: 'built-in@1', model: null },
      decision: { kind: 'signed', by: 'Dr. Ines Halloran', contentHash: draft.contentHash },
    });
    expect(entries.map((entry) => [entry.kind, entry.by])).toEqual([
      ['run.finished', 'system:flow'],
      ['proposal.offered', 'system:flow'],
      ['proposal.opened', 'Dr. Ines Halloran'],
      ['decision.signed', 'Dr. Ines Halloran'],
      ['delivery.confirmed', 'system:write-back'],
      ['delivery.confirmed', 'system:write-back'],
    ]);
    expect(entries.every((entry) => entry.logIndex !== null)).toBe(true);
    expect(who).toContainEqual({ by: 'Dr. Ines Halloran', did: ['proposal.opened', 'access.read', 'decision.signed'] });
    expect(reads.map((read) => [read.by, read.purpose, read.door, read.subject])).toEqual([
      ['Dr. Ines Halloran', 'treatment', 'GET /api/proposals/:id', draft.id],
      ['Dr. Ines Halloran', 'treatment', 'GET /api/lineage/:id', sentence.id],
    ]);
    const cited = sentence.evidence.flatMap((one) => (one.kind === 'span' ? [one] : []));
    const { facts, receipts } = (bundle as unknown as { restsOn: { facts: Cited[]; receipts: { id: string; sha256: string }[] } }).restsOn;
    for (const { fact, version, receipt } of cited) {
      expect(facts).toContainEqual(
        expect.objectContaining({ fact, version, receipt, contentHash: expect.stringMatching(/^[0-9a-f]{64}$/) }),
      );
      const bytes = await clinician.bytes(`/api/receipts/${receipt}/bytes`);
      expect(receipts).toContainEqual(expect.objectContaining({ id: receipt, sha256: house.sha256(bytes) }));
    }

    const [delivery] = bundle.deliveries;
    const ids = [draft.runId, sentence.id, String(bundle.decision.journalId), encodeURIComponent(delivery!.reference)];
    const found = await Promise.all(ids.map((id) => clinician.get<AuditBundle & { what: { proposal: string } }>(`/api/audit/${id}`)));
    expect(found.map((one) => [one.kind, one.what.proposal])).toEqual([
      ['run', draft.id],
      ['sentence', draft.id],
      ['decision', draft.id],
      ['delivery', draft.id],
    ]);
    const receipt = await clinician.get<AuditBundle>(`/api/audit/${cited[0]!.receipt}`);
    expect([receipt.kind, receipt.entries.map((entry) => entry.kind)]).toEqual(['receipt', ['receipt.stored', 'facts.recorded']]);
  });

  it('and the numbers count it', async () => {
    const { kpis } = await clinician.get<{ kpis: { id: string; value: number; pack: string | null }[] }>('/api/kpis');
    const total = (id: string): number | undefined => kpis.find((kpi) => kpi.id === id && kpi.pack === null)?.value;

    expect([total('proposals.offered'), total('proposals.opened'), total('proposals.signed'), total('proposals.declined')]).toEqual([
      1, 1, 1, 0,
    ]);
    expect(total('minutes.offer_to_signature')).toBe(0);
  });
});

function admission(): string {
  return [
    'MSH|^~\\&|ADT|NORTH|COUNTERSIGN|NORTH|20261112091500-0600||ADT^A04^ADT_A01|A1|P|2.5.1',
    'EVN|A04|20261112091500-0600',
    `PID|1||${MRN}^^^NORTH&2.999.1.1&ISO^MR||OSGOOD^LENORA^T||19550214|F`,
    'PV1|1|O|CLINIC|||||||||||||||||V1^^^NORTH',
  ].join('\r');
}

function potassium({ control, value, status, reported }: { control: string; value: string; status: string; reported: string }): string {
  return [
    `MSH|^~\\&|NORTHLAB|NORTH|COUNTERSIGN|NORTH|${reported}||ORU^R01^ORU_R01|${control}|P|2.5.1`,
    `PID|1||${MRN}^^^NORTH&2.999.1.1&ISO^MR||OSGOOD^LENORA^T||19550214|F`,
    'ORC|RE|ORD889120^EHR|NL5520917^NORTHLAB',
    `OBR|1|ORD889120^EHR|NL5520917^NORTHLAB|24320-4^Basic metabolic panel^LN|||20261120061500-0600|||||||||||||||${reported}|||${status}`,
    `OBX|1|NM|2823-3^Potassium^LN||${value}|mmol/L|3.5-5.1|H|||${status}|||20261120061500-0600`,
  ].join('\r');
}

function chart(): string {
  const subject = { reference: 'Patient/p1' };
  return JSON.stringify({
    resourceType: 'Bundle',
    type: 'collection',
    entry: [
      {
        resource: {
          resourceType: 'Patient',
          id: 'p1',
          identifier: [{ system: 'urn:oid:2.999.1.1', value: MRN }],
          name: [{ family: 'Osgood', given: ['Lenora', 'T.'] }],
          gender: 'female',
          birthDate: '1955-02-14',
        },
      },
      {
        resource: {
          resourceType: 'Appointment',
          id: 'a1',
          status: 'booked',
          description: 'internal medicine',
          start: '2026-11-23T10:20:00-06:00',
          end: '2026-11-23T10:40:00-06:00',
          participant: [{ actor: subject, status: 'accepted' }],
        },
      },
      {
        resource: {
          resourceType: 'Encounter',
          id: 'e1',
          status: 'finished',
          class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
          subject,
          period: { start: '2026-08-11T08:00:00-06:00', end: '2026-08-11T08:20:00-06:00' },
        },
      },
      {
        resource: {
          resourceType: 'Condition',
          id: 'c1',
          clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] },
          code: { coding: [{ system: 'http://snomed.info/sct', code: '44054006', display: 'Type 2 diabetes' }] },
          subject,
          onsetDateTime: '2009',
        },
      },
    ],
  });
}

type Cited = { fact: string; version: number; receipt: string; contentHash: string };
