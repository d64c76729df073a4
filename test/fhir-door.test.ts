/* POST /fhir/R4: what is posted is on disk first, then validated, and the poster learns what became of it, path by path. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OperationOutcome } from '../src/core/errors.ts';
import { type Seat, startHouse, type TestHouse } from './house.ts';

type Posted = { status: number; location: string | null; receipt: string; outcome: OperationOutcome };
let house: TestHouse;
let clinician: Seat;
let engineer: Seat;
beforeAll(async () => {
  house = await startHouse({ ehr: false });
  [clinician, engineer] = [await house.signIn('halloran'), await house.signIn('marsh')];
});
afterAll(() => house.stop());

describe('one resource', () => {
  it('is answered 201 with its address once it can be read there, and 200 when it comes again', async () => {
    const first = await post('/fhir/R4/Patient', patient('f1'));
    const again = await post('/fhir/R4/Patient', patient('f1'));

    expect(first).toMatchObject({ status: 201, location: expect.stringMatching(/\/fhir\/R4\/Patient\/[0-9a-f-]{36}\/_history\/1$/) });
    expect(errors(first)).toEqual([]);
    expect(again).toMatchObject({ status: 200, receipt: first.receipt });
    const { stored } = await receiptRow(first.receipt);
    expect(stored).toBe(1);
  });

  it.each`
    fault                 | change                                         | path                           | code
    ${'structure'}        | ${{ valueQuantity: 5 }}                        | ${'Observation.valueQuantity'} | ${'structure'}
    ${'a required code'}  | ${{ status: 'finished' }}                      | ${'Observation.status'}        | ${'code-invalid'}
    ${'an invariant'}     | ${{ dataAbsentReason: { text: 'lost' } }}      | ${/^Observation/}              | ${'invariant'}
    ${'what is missing'}  | ${{ code: undefined }}                         | ${/^Observation/}              | ${'required'}
    ${'a reference type'} | ${{ subject: { reference: 'Medication/m1' } }} | ${'Observation.subject'}       | ${/structure|value|invalid/}
  `('with a fault of $fault is answered 422 with the path, and its bytes are kept', async ({ change, path, code }) => {
    const text = JSON.stringify({ ...JSON.parse(observation('o1', 'f1')), ...change });

    const answer = await post('/fhir/R4/Observation', text);

    expect(answer.status).toBe(422);
    expect(errors(answer)[0]).toMatchObject({ code: expect.stringMatching(code) });
    expect(errors(answer)[0]!.expression![0]).toMatch(path);
    expect((await engineer.bytes(`/api/receipts/${answer.receipt}/bytes`)).toString()).toBe(text);
    const { items } = await engineer.get<{ items: { receipt: string }[] }>('/api/quarantine?state=open');
    expect(items.map(({ receipt }) => receipt)).toContain(answer.receipt);
  });

  it('that nothing is claimed from is answered 201 with a warning', async () => {
    const answer = await post('/fhir/R4/Observation', observation('o2', 'f1', { unit: 'furlongs' }));

    expect(answer.status).toBe(201);
    expect(answer.outcome.issue[0]).toMatchObject({
      severity: 'warning',
      diagnostics: expect.stringContaining('unit-unknown; nothing is claimed from it'),
      expression: ['Observation'],
    });
  });

  it('about somebody whose birth date is another on record is answered 422 conflict', async () => {
    await post('/fhir/R4/Patient', patient('f7', { mrn: '700', birthDate: '1955-02-14' }));

    const answer = await post('/fhir/R4/Patient', patient('f7', { mrn: '700', birthDate: '1955-02-15' }));

    expect([answer.status, errors(answer)[0]!.code]).toEqual([422, 'conflict']);
  });

  it('of another type than the address names is refused and not kept', async () => {
    const before = await receipts();

    expect((await post('/fhir/R4/Observation', patient('f9'))).status).toBe(400);

    expect(await receipts()).toBe(before);
  });

  it('that is no JSON is answered 400, and kept', async () => {
    const answer = await post('/fhir/R4/Patient', '{"resourceType":"Patient",');

    expect(answer.status).toBe(400);
    expect(errors(answer)[0]!.code).toBe('structure');
    expect((await receiptRow(answer.receipt)).state).toBe('quarantined');
  });
});

describe('a Bundle', () => {
  it('with one fault among others is answered 422 with that entry, and its neighbours stand', async () => {
    const answer = await post('/fhir/R4', bundle([patient('b1'), observation('b2', 'b1'), observation('b3', 'b1', { status: 'done' })]));

    expect(answer.status).toBe(422);
    expect(errors(answer).map(({ expression }) => expression)).toEqual([['entry[2].resource.status']]);
    expect(answer.outcome.issue.map(({ diagnostics }) => diagnostics)).toContainEqual(expect.stringMatching(/^2 in the record; 1 kept/));
    expect(await receiptRow(answer.receipt)).toEqual({ state: 'partial', stored: 2, rejected: 1 });
  });

  it('of NDJSON is answered line by line', async () => {
    const text = [patient('n1'), '{"resourceType"', observation('n2', 'n1')].join('\n');

    const answer = await post('/fhir/R4', text, 'application/fhir+ndjson');

    expect(answer.status).toBe(422);
    expect(errors(answer).map(({ expression }) => expression)).toEqual([['line[1]']]);
  });
});

it('the CapabilityStatement promises no transaction and no batch, and every create it lists is answered', async () => {
  const statement = (await (await fetch(`${house.doors.url}/fhir/R4/metadata`)).json()) as {
    rest: { interaction?: unknown; documentation: string; resource: { type: string; interaction: { code: string }[] }[] }[];
  };

  expect(statement.rest[0]!.interaction).toBeUndefined();
  expect(statement.rest[0]!.documentation).toMatch(/neither a transaction nor a batch/);
  for (const { type, interaction } of statement.rest[0]!.resource.filter((one) => one.interaction.some(({ code }) => code === 'create')))
    expect([type, (await post(`/fhir/R4/${type}`, JSON.stringify({ resourceType: type, bad: interaction.length }))).status]).toEqual([
      type,
      422,
    ]);
});

it('Explain answers what the door answers', async () => {
  for (const text of [patient('e1'), observation('e2', 'e1', { status: 'done' }), observation('e3', 'e1', { unit: 'furlongs' }), '{']) {
    const explained = (await engineer.post('/api/explain', { message: text })).body as unknown as { ack: string };
    const said = (JSON.parse(explained.ack) as OperationOutcome).issue;

    const { outcome } = await post('/fhir/R4', text);

    expect(outcome.issue.slice(0, -1)).toEqual(said);
  }
});

async function post(path: string, body: string, type = 'application/fhir+json'): Promise<Posted> {
  const headers = { authorization: `Bearer ${clinician.token}`, 'content-type': type };
  const answer = await fetch(house.doors.url + path, { method: 'POST', headers, body });
  return {
    status: answer.status,
    location: answer.headers.get('location'),
    receipt: answer.headers.get('x-countersign-receipt') ?? '',
    outcome: (await answer.json()) as OperationOutcome,
  };
}

function errors({ outcome }: Posted): OperationOutcome['issue'] {
  return outcome.issue.filter(({ severity }) => severity === 'error');
}

async function receiptRow(id: string): Promise<{ state: string; stored: number; rejected: number }> {
  const [row] = await house.app.db.query<{ state: string; stored: number; rejected: number }>(
    'select state, stored, rejected from receipt where id = $1',
    [id],
  );
  return row!;
}

async function receipts(): Promise<number> {
  return (await house.app.db.query('select 1 from receipt')).length;
}

function patient(id: string, { mrn = id, birthDate = '1955-02-14' } = {}): string {
  const identifier = [{ type: { coding: [{ code: 'MR' }] }, system: 'urn:oid:2.999.1.1', value: mrn }];
  return JSON.stringify({ resourceType: 'Patient', id, identifier, name: [{ family: 'Osgood' }], birthDate });
}

function observation(id: string, of: string, { status = 'final', unit = 'mmol/L' } = {}): string {
  return JSON.stringify({
    resourceType: 'Observation',
    id,
    status,
    code: { coding: [{ system: 'http://loinc.org', code: '2823-3', display: 'Potassium' }] },
    subject: { reference: `Patient/${of}` },
    effectiveDateTime: '2026-11-20T06:15:00-06:00',
    valueQuantity: { value: 5.6, unit },
  });
}

function bundle(resources: string[]): string {
  return `{"resourceType":"Bundle","type":"collection","entry":[${resources.map((text) => `{"resource":${text}}`).join(',')}]}`;
}
