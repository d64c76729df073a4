/* What nobody here wrote goes the same way: public sample charts and messages, in through the doors, out as verified drafts or named refusals. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProposalView } from '../src/core/api.ts';
import { onHook } from '../src/flow.ts';
import { importTotals } from '../src/record/receipts.ts';
import { type Seat, startHouse, type TestHouse } from './house.ts';

const SAMPLES = resolve(process.env['COUNTERSIGN_SAMPLES'] ?? '../shared/data');
const charts = join(SAMPLES, 'synthea', 'small-10');
const messages = ['hl7v2/messages/messages', 'hl7v2/ms-converter/SampleData/Hl7v2'].map((folder) => join(SAMPLES, folder));
const present = existsSync(charts);
if (!present) process.stderr.write('skipped: no sample data; set COUNTERSIGN_SAMPLES\n');

describe.skipIf(!present)('public samples', () => {
  let house: TestHouse;
  let clinician: Seat;
  beforeAll(async () => {
    house = await startHouse({ ehr: false });
    clinician = await house.signIn('halloran');
  });
  afterAll(() => house.stop());

  it('ten Synthea charts come in whole, and each yields a draft of which every sentence is proven', async () => {
    const files = readdirSync(charts).sort();
    let entries = 0;
    const receipts: string[] = [];
    for (const name of files) {
      const bytes = readFileSync(join(charts, name));
      entries += (JSON.parse(bytes.toString('utf8')) as { entry: unknown[] }).entry.length;
      receipts.push(await house.take(`synthea-${name.split('_')[0]}`, bytes));
    }
    await house.settle();

    expect(await importTotals(house.app.db, receipts)).toMatchObject({ received: entries, stored: entries, rejected: 0 });
    const people = await house.app.db.query<{ person: string }>(
      `select distinct l.person from person_link l join source_person p on p.id = l.source_person where p.authority not like '%:shared'`,
    );
    expect(people).toHaveLength(files.length);
    for (const { person } of people) {
      const draft = await clinician.get<ProposalView>(`/api/proposals/${await onHook(house.app.house, person)}`);
      expect(draft.sentences.length).toBeGreaterThan(1);
      expect(draft.sentences.filter((sentence) => sentence.verdict.outcome !== 'proven').map((sentence) => sentence.text)).toEqual([]);
      expect(draft.sentences.every((sentence) => sentence.evidence.length > 0)).toBe(true);
    }
  });

  it('every HL7 v2 message is answered, and becomes facts or is quarantined with a reason', async () => {
    const files = messages.flatMap((folder) =>
      readdirSync(folder)
        .sort()
        .map((name) => join(folder, name)),
    );
    for (const file of files)
      expect(
        await house.send(
          readFileSync(file, 'utf8')
            .replace(/^\uFEFF/, '')
            .trim(),
        ),
      ).toMatch(/MSA\|(AA|CA)\|/);
    await house.settle();

    const states = await house.app.db.query<{ state: string; reasons: bigint; count: bigint }>(
      `select r.state, count(*) as count, count(q.receipt) as reasons from receipt r
         left join (select distinct receipt from quarantine) q on q.receipt = r.id where r.door = 'mllp' group by r.state order by 1`,
    );
    const of = (state: string): { count: number; reasons: number } => {
      const row = states.find((one) => one.state === state);
      return { count: Number(row?.count ?? 0), reasons: Number(row?.reasons ?? 0) };
    };
    expect(of('received').count).toBe(0);
    expect(of('normalised')).toMatchObject({ reasons: 0 });
    expect(of('quarantined').reasons).toBe(of('quarantined').count);
    expect(of('normalised').count).toBeGreaterThan(200);
  });
});
