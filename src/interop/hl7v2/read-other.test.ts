import { describe, expect, it } from 'vitest';
import { type NewFact, textOf } from '../../core/fact.ts';
import { decodeLocation, locateHl7 } from './locate.ts';
import { type Hl7Result, readHl7 } from './read-message.ts';

const PID = 'PID|1||100^^^NORTH&1.2.3&ISO^MR||DOE^JANE^Q||19570314|F';

describe('orders', () => {
  it.each`
    control | state   | status
    ${'NW'} | ${''}   | ${'active'}
    ${'CA'} | ${''}   | ${'revoked'}
    ${'DC'} | ${''}   | ${'revoked'}
    ${'HD'} | ${''}   | ${'on-hold'}
    ${'SC'} | ${''}   | ${'unknown'}
    ${'SC'} | ${'CM'} | ${'completed'}
    ${'XX'} | ${''}   | ${'unknown'}
  `('reads ORC-1 $control, ORC-5 $state as $status', ({ control, state, status }) => {
    const request = fact(read([PID, `ORC|${control}|P9|||${state}`, 'OBR|1|P9||2345-7^Glucose^LN'], 'ORM^O01'), 'ServiceRequest');

    expect(request.status).toBe(status);
    expect(textOf(request, 'intent')).toBe('order');
  });

  it('keys an order by its placer and service, so a cancellation is the same order', () => {
    const ordered = fact(read([PID, 'ORC|NW|P9^EHR', 'OBR|1|P9^EHR||2345-7^Glucose^LN'], 'ORM^O01'), 'ServiceRequest');
    const cancelled = fact(read([PID, 'ORC|CA|P9^EHR|F1', 'OBR|1|P9^EHR|F1|2345-7^Glucose^LN'], 'ORM^O01'), 'ServiceRequest');
    const other = fact(read([PID, 'ORC|NW|P9^EHR', 'OBR|1|P9^EHR||718-7^Hemoglobin^LN'], 'ORM^O01'), 'ServiceRequest');

    expect(cancelled.id).toBe(ordered.id);
    expect(other.id).not.toBe(ordered.id);
  });

  it('reads an OBR of a result message as a report, never as an order', () => {
    const types = facts(
      read([PID, 'ORC|RE|P9|F9', 'OBR|1|P9|F9|2345-7^Glucose^LN|||20260301', 'OBX|1|NM|2345-7^Glucose^LN||90|mg/dL|||||F'], 'ORU^R01'),
    ).map(({ type }) => type);

    expect(types).toEqual(['Patient', 'DiagnosticReport', 'Observation']);
  });
});

describe('medication', () => {
  const RXE = 'RXE||314076^Lisinopril 10 MG Oral Tablet^RXNORM|10||mg|TAB|^Take one daily|||30|TAB|3';

  it('reads RXE as prescribed, with dose, unit, route, words and quantity as sent', () => {
    const request = fact(read([PID, 'ORC|NW|RX1', 'TQ1|1||QD', RXE, 'RXR|PO^Oral^HL70162'], 'RDE^O11'), 'MedicationRequest');

    expect(JSON.parse(request.content)).toMatchObject({
      status: 'active',
      intent: 'order',
      medicationCodeableConcept: { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '314076' }] },
      dosageInstruction: [
        {
          text: 'Take one daily',
          timing: { code: { text: 'QD' } },
          route: { coding: [{ code: 'PO' }] },
          doseAndRate: [{ doseQuantity: { value: 10, unit: 'mg' } }],
        },
      ],
      dispenseRequest: { quantity: { value: 30, unit: 'TAB' }, numberOfRepeatsAllowed: 3 },
    });
    expect(request.grade).toBe('A');
  });

  it('keeps "one to two" as a range, which is no dose, and flags a dose without a unit', () => {
    const range = fact(read([PID, 'ORC|NW|RX1', 'RXO|1^Drug^RXNORM|1|2|tab'], 'OMP^O09'), 'MedicationRequest');
    const bare = fact(read([PID, 'ORC|NW|RX1', 'RXO|1^Drug^RXNORM|10'], 'OMP^O09'), 'MedicationRequest');

    expect(textOf(range, 'doseValue')).toBeUndefined();
    expect(bare).toMatchObject({ grade: 'D', flags: ['unit-missing'] });
  });

  it('reads RXD as filled, never as prescribed', () => {
    const types = facts(read([PID, 'ORC|RE|RX1', 'RXD|1|314076^Lisinopril^RXNORM|20260301|30|TAB||RX77'], 'RDS^O13')).map(
      ({ type }) => type,
    );

    expect(types).toEqual(['Patient', 'MedicationDispense']);
  });
});

describe('vaccinations', () => {
  it.each`
    completion | action | status                | retracted
    ${'CP'}    | ${'A'} | ${'completed'}        | ${false}
    ${'RE'}    | ${'A'} | ${'not-done'}         | ${false}
    ${''}      | ${''}  | ${'completed'}        | ${false}
    ${'CP'}    | ${'D'} | ${'entered-in-error'} | ${true}
  `('reads RXA-20 $completion, RXA-21 $action as $status', ({ completion, action, status, retracted }) => {
    const vaccine = fact(
      read([PID, 'ORC|RE||V1', `RXA|0|1|20250901||141^Influenza^CVX|0.5|mL||00${'|'.repeat(11)}${completion}|${action}`], 'VXU^V04'),
      'Immunization',
    );

    expect(vaccine).toMatchObject({ status, retracted, grade: 'A' });
    expect(textOf(vaccine, 'occurrence')).toBe('2025-09-01');
  });

  it('grades history C and reads no vaccination from "no vaccine administered"', () => {
    const told = fact(read([PID, 'ORC|RE||V1', 'RXA|0|1|20250901||141^Influenza^CVX|999|||01'], 'VXU^V04'), 'Immunization');
    const none = facts(read([PID, 'ORC|RE||V1', 'RXA|0|1|20250901||998^No vaccine^CVX|999'], 'VXU^V04'));

    expect(told.grade).toBe('C');
    expect(textOf(told, 'doseValue')).toBeUndefined();
    expect(none.map(({ type }) => type)).toEqual(['Patient']);
  });
});

describe('documents', () => {
  const TXA = 'TXA|1|DS^Discharge summary|TX|20260301||20260301100000+0100|||7^DOE^JOHN|||DOC1|||||AU||AV';

  it('joins the lines of an MDM into one document whose lines keep their own bytes', () => {
    const bytes = message([PID, TXA, 'OBX|1|TX|1^Text^L||First line||||||F', 'OBX|2|TX|1^Text^L||second \\T\\ last||||||F'], 'MDM^T02');
    const document = fact(readHl7(bytes, options()), 'DocumentReference');

    const [whole, ...lines] = document.atoms.filter((atom) => atom.name === 'note');
    expect(whole?.text).toBe('First line\nsecond & last');
    expect(lines.map((line) => decodeLocation(bytes, locateHl7(bytes, line.path)))).toEqual(['First line', 'second & last']);
    expect(document).toMatchObject({ status: 'current', rank: 2, naturalKey: 'document|DOC1^^' });
  });

  it.each`
    event    | txa                          | status                | retracted
    ${'T02'} | ${TXA}                       | ${'current'}          | ${false}
    ${'T02'} | ${TXA.replace('|AV', '|OB')} | ${'superseded'}       | ${false}
    ${'T11'} | ${TXA}                       | ${'entered-in-error'} | ${true}
  `('reads $event as $status', ({ event, txa, status, retracted }) => {
    expect(fact(read([PID, txa], `MDM^${event}`), 'DocumentReference')).toMatchObject({ status, retracted });
  });
});

it('keeps results that stand beside a document out of its text', () => {
  const obx = (type: string, value: string) => `OBX|1|${type}|8867-4^Heart rate^LN||${value}|/min|||||F|||20260301`;
  const before = facts(read([PID, obx('NM', '80'), 'TXA|1|DS|TX|||||||||DOC1', obx('TX', 'words')], 'MDM^T02'));
  const among = facts(read([PID, 'TXA|1|DS|TX|||||||||DOC1', obx('NM', '80'), obx('TX', 'words')], 'MDM^T02'));

  for (const found of [before, among]) {
    expect(found.filter(({ type }) => type === 'Observation').map((one) => textOf(one, 'value'))).toEqual(['80']);
    expect(textOf(found.find(({ type }) => type === 'DocumentReference')!, 'note')).toBe('words');
  }
});

describe('appointments', () => {
  const sch = (state: string) =>
    `SCH|P1|F1|||||ROUTINE^Check-up|NORMAL|30|min|^^^20260401090000+0200^20260401093000+0200||||||||||||||${state}`;

  it.each`
    event    | state         | status
    ${'S12'} | ${'Booked'}   | ${'booked'}
    ${'S15'} | ${'Booked'}   | ${'cancelled'}
    ${'S26'} | ${''}         | ${'noshow'}
    ${'S14'} | ${'Complete'} | ${'fulfilled'}
    ${'S17'} | ${''}         | ${'entered-in-error'}
  `('reads $event $state as $status', ({ event, state, status }) => {
    const appointment = fact(read([sch(state), PID, 'RGS|1', 'AIP|1||7^DOE^JOHN'], `SIU^${event}`), 'Appointment');

    expect(appointment.status).toBe(status);
    expect(textOf(appointment, 'start')).toBe('2026-04-01T09:00:00+02:00');
    expect(textOf(appointment, 'performer')).toBe('JOHN DOE');
  });
});

function message(segments: string[], type: string): Buffer {
  return Buffer.from([`MSH|^~\\&|EHR|NORTH|X|CITY|20260301120000+0100||${type}|C1|P|2.5.1`, ...segments, ''].join('\r'));
}

function options(): Parameters<typeof readHl7>[1] {
  return { source: 'ehr.north', receipt: '11111111-1111-4111-8111-111111111111', authorities: new Map() };
}

function read(segments: string[], type: string): Hl7Result {
  return readHl7(message(segments, type), options());
}

function facts(reading: Hl7Result): NewFact[] {
  return reading.people.flatMap((one) => one.facts);
}

function fact(reading: Hl7Result, type: string): NewFact {
  return facts(reading).find((each) => each.type === type)!;
}
