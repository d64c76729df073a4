import { expect, it } from 'vitest';
import type { ReadAtom } from './atom-emitters.ts';
import { readAtoms } from './atoms.ts';
import { parseJson } from './json.ts';
import { searchColumns } from './search-columns.ts';

it('R30: reads a result with its value, flag and range as the source wrote them', () => {
  const atoms = read(`{"resourceType":"Observation","status":"final",
    "code":{"coding":[{"system":"http://loinc.org","code":"2857-1","display":"PSA"}]},
    "effectiveDateTime":"2026-03-01T08:00:00+01:00","valueQuantity":{"value":1.10,"comparator":"<","unit":"ng/mL","system":"http://unitsofmeasure.org","code":"ng/mL"},
    "interpretation":[{"coding":[{"code":"H"}]}],"referenceRange":[{"low":{"value":0.0},"high":{"value":4.00,"unit":"ng/mL"}}]}`);

  expect(texts(atoms)).toMatchObject({
    value: ['1.10'],
    comparator: ['<'],
    unit: ['ng/mL'],
    unitCode: ['ng/mL'],
    flag: ['H'],
    low: ['0.0'],
    high: ['4.00'],
    effective: ['2026-03-01T08:00:00+01:00'],
  });
  expect(atoms.find((atom) => atom.name === 'code')).toEqual({
    name: 'code',
    text: '2857-1',
    path: 'code.coding[0].code',
    system: 'http://loinc.org',
  });
});

it('R30: an order has the id its source gave it among its identifiers, by which a result says what it answers', () => {
  const atoms = read(`{"resourceType":"ServiceRequest","id":"cbc-1","identifier":[{"value":"P77"}],"status":"active","intent":"order"}`);

  expect(texts(atoms)).toMatchObject({ identifier: ['cbc-1', 'P77'] });
});

it('numbers the members of a panel, so that no value is read with another code', () => {
  const atoms = read(`{"resourceType":"Observation","code":{"text":"Blood pressure"},"component":[
    {"code":{"text":"Systolic"},"valueQuantity":{"value":120,"unit":"mmHg"}},
    {"code":{"text":"Diastolic"},"valueQuantity":{"value":80,"unit":"mmHg"}}]}`);

  expect(atoms.filter((atom) => atom.name === 'value').map(({ text, component, path }) => [text, component, path])).toEqual([
    ['120', 0, 'component[0].valueQuantity.value'],
    ['80', 1, 'component[1].valueQuantity.value'],
  ]);
});

it('reads each focus of an observation: a fetus, a donor or a device, and not the patient', () => {
  const atoms = read(`{"resourceType":"Observation","code":{"text":"Heart rate"},"focus":[
    {"reference":"RelatedPerson/fetus-a","display":"Fetus A"},{"identifier":{"system":"urn:oid:1.2","value":"D7"}},{"display":"Donor"}]}`);

  expect(atoms.filter((atom) => atom.name === 'focus').map(({ text, path }) => [text, path])).toEqual([
    ['RelatedPerson/fetus-a', 'focus[0].reference'],
    ['D7', 'focus[1].identifier.value'],
    ['Donor', 'focus[2].display'],
  ]);
});

it.each`
  why                          | ranges                                                                                  | low
  ${'one range'}               | ${'[{"low":{"value":3}}]'}                                                              | ${['3']}
  ${'two normal ranges'}       | ${'[{"low":{"value":3}},{"low":{"value":5}}]'}                                          | ${undefined}
  ${'a normal and a critical'} | ${'[{"type":{"coding":[{"code":"treatment"}]},"low":{"value":1}},{"low":{"value":5}}]'} | ${['5']}
  ${'a range in another unit'} | ${'[{"low":{"value":3,"unit":"mmol/L"}}]'}                                              | ${undefined}
`('uses a reference range only when it is the one that applies: $why', ({ ranges, low }) => {
  const atoms = read(
    `{"resourceType":"Observation","code":{"text":"x"},"valueQuantity":{"value":4,"unit":"mg/dL"},"referenceRange":${ranges}}`,
  );

  expect(texts(atoms).low).toEqual(low);
});

it('keeps a lone dosage unnumbered and numbers several, so that doses and frequencies never mix', () => {
  const dosage = (dose: number) =>
    `{"timing":{"repeat":{"frequency":${dose},"period":1,"periodUnit":"d"}},"doseAndRate":[{"doseQuantity":{"value":${dose},"unit":"mg"}}]}`;
  const one = read(`{"resourceType":"MedicationRequest","dosageInstruction":[${dosage(5)}]}`);
  const two = read(`{"resourceType":"MedicationRequest","dosageInstruction":[${dosage(5)},${dosage(10)}]}`);

  expect(one.find((atom) => atom.name === 'doseValue')).toEqual({
    name: 'doseValue',
    text: '5',
    path: 'dosageInstruction[0].doseAndRate[0].doseQuantity.value',
  });
  expect(two.filter((atom) => atom.name === 'doseValue').map((atom) => atom.component)).toEqual([0, 1]);
});

it('takes the drug of a contained medication from where it stands', () => {
  const atoms = read(
    `{"resourceType":"MedicationRequest","contained":[{"resourceType":"Medication","id":"m","code":{"text":"Aspirin"}}],"medicationReference":{"reference":"#m"}}`,
  );

  expect(atoms).toEqual([{ name: 'display', text: 'Aspirin', path: 'contained[0].code.text' }]);
});

it.each`
  code          | laterality
  ${'7771000'}  | ${['7771000']}
  ${'72696002'} | ${undefined}
`('reads a side only from a code that means one ($code)', ({ code, laterality }) => {
  const atoms = read(
    `{"resourceType":"Condition","bodySite":[{"coding":[{"system":"http://snomed.info/sct","code":"72696002","display":"Knee"},{"system":"http://snomed.info/sct","code":"${code}"}]}]}`,
  );

  expect(texts(atoms)).toMatchObject({ bodySite: ['Knee'] });
  expect(texts(atoms).laterality).toEqual(laterality);
});

it('decodes a text attachment and leaves any other alone', () => {
  const data = Buffer.from('Grüße, no complaints.').toString('base64');
  const note = (type: string) =>
    read(`{"resourceType":"DocumentReference","content":[{"attachment":{"contentType":"${type}","data":"${data}"}}]}`);

  expect(note('text/plain; charset=utf-8')).toEqual([{ name: 'note', text: 'Grüße, no complaints.', path: 'content[0].attachment.data' }]);
  expect(note('application/pdf')).toEqual([]);
});

it.each(['constructor', 'toString', '__defineGetter__'])('is not misled by a type or a member called %s', (name) => {
  expect(read(`{"resourceType":"${name}","${name}":"x","status":"final"}`)).toEqual([{ name: 'status', text: 'final', path: 'status' }]);
});

it('a document that another only appends to is not replaced', () => {
  const atoms = read(
    `{"resourceType":"DocumentReference","relatesTo":[{"code":"appends","target":{"reference":"DocumentReference/1"}},{"code":"replaces","target":{"reference":"DocumentReference/2"}}]}`,
  );

  expect(texts(atoms).replaces).toEqual(['DocumentReference/2']);
});

it.each`
  start                          | end             | validFrom                     | validTo                       | flags
  ${'2012'}                      | ${'2013'}       | ${'2012-01-01T00:00:00.000Z'} | ${'2014-01-01T00:00:00.000Z'} | ${[]}
  ${'2012-02'}                   | ${'2012-12'}    | ${'2012-02-01T00:00:00.000Z'} | ${'2013-01-01T00:00:00.000Z'} | ${[]}
  ${'2012-02-29'}                | ${'2012-02-29'} | ${'2012-02-29T00:00:00.000Z'} | ${'2012-03-01T00:00:00.000Z'} | ${[]}
  ${'2012-02-29T10:00:00+02:00'} | ${'2012-03-01'} | ${'2012-02-29T08:00:00.000Z'} | ${'2012-03-02T00:00:00.000Z'} | ${[]}
  ${'2016-12-31T23:59:60Z'}      | ${'2017'}       | ${'2016-12-31T23:59:59.999Z'} | ${'2018-01-01T00:00:00.000Z'} | ${[]}
  ${'2012-02-29T10:00:00'}       | ${'2012-03-01'} | ${null}                       | ${'2012-03-02T00:00:00.000Z'} | ${['zone-missing']}
  ${'2013-02-29'}                | ${'2013-03-01'} | ${null}                       | ${'2013-03-02T00:00:00.000Z'} | ${['time-unreadable']}
`('gives $start to $end a valid time in UTC, or says why not', ({ start, end, validFrom, validTo, flags }) => {
  const atoms = read(`{"resourceType":"Encounter","status":"finished","period":{"start":"${start}","end":"${end}"}}`);

  expect(searchColumns(atoms)).toMatchObject({ validFrom, validTo, flags });
});

function read(text: string): ReadAtom[] {
  return readAtoms(parseJson(text));
}

function texts(atoms: ReadAtom[]): Partial<Record<string, string[]>> {
  const found: Partial<Record<string, string[]>> = {};
  for (const atom of atoms) (found[atom.name] ??= []).push(atom.text);
  return found;
}
