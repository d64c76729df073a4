import { expect, it } from 'vitest';
import { explainHl7 } from './explain.ts';

const ack = { application: 'COUNTERSIGN', facility: 'CITY', now: () => '2026-03-05T07:15:00.000Z', sequence: () => 'A1' };
const options = { source: 'lab', receipt: '00000000-0000-0000-0000-000000000000', authorities: new Map<string, string>(), ack };

it('shows segments, fields with names, mapping, facts, coverage and the answer', () => {
  const bytes = Buffer.from(
    'MSH|^~\\&|LAB|NORTH|||20260301120000+0100||ORU^R01^ORU_R01|C1|P|2.5.1\rPID|1||7^^^N&1.2.3&ISO||DOE\\S\\SMITH^JANE\rOBR|1||F1|1^Panel^L\rOBX|1|NM|2823-3^Potassium^LN||4.10|mmol/L|||||F|||20260301\rZZZ|x\r',
  );

  const view = explainHl7(bytes, options);

  expect(view.segments.map((segment) => segment.text.slice(0, 3))).toEqual(['MSH', 'PID', 'OBR', 'OBX', 'ZZZ']);
  expect(view.fields.find((field) => field.path === 'ORU_R01/OBX[1]-5[1]')).toMatchObject({
    text: '4.10',
    name: 'value',
    state: 'mapped',
    becomes: 'Observation.valueQuantity.value',
  });
  expect(view.fields.find((field) => field.path === 'ORU_R01/PID[1]-5[1].1')).toMatchObject({ text: 'DOE^SMITH', name: 'name' });
  expect(view.fields.find((field) => field.path === 'ORU_R01/ZZZ[1]-1[1]')).toMatchObject({
    state: 'kept-unmapped',
    becomes: null,
    name: null,
  });
  expect(view.facts.map(({ type }) => type)).toEqual(['Patient', 'DiagnosticReport', 'Observation']);
  expect(view).toMatchObject({ format: 'hl7v2', ackCode: 'AA', rejections: [] });
  expect(view.ack).toContain('MSA|AA|C1');
});

it.each(['', 'hello', 'MSH|^~\\&|LAB', `MSH|^~\\&${'|'.repeat(16)}BIG-5\rPID|1||7\r`])('explains %j without failing', (text) => {
  const view = explainHl7(Buffer.from(text), options);

  expect(view.ackCode).toBe('AR');
  expect(view.rejections.length).toBeGreaterThan(0);
});
