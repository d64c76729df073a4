/* What senders do to FHIR: each is kept, flagged or set aside with its path, and none speaks of another patient than it says. */
import { expect, it } from 'vitest';
import { factIdOf, readFhir } from './read-bundle.ts';

const ADA = 'urn:uuid:11111111-1111-4111-8111-111111111111';
const BEA = 'urn:uuid:22222222-2222-4222-8222-222222222222';
type Entry = { fullUrl?: string; resource?: object; request?: object; response?: object };

const patient = (id: string | undefined, mrn: string): object => ({
  resourceType: 'Patient',
  ...(id ? { id } : {}),
  identifier: [{ type: { coding: [{ code: 'MR' }] }, system: 'urn:oid:2.999.1.1', value: mrn }],
});
const result = (change: object = {}): object => ({
  resourceType: 'Observation',
  id: 'o1',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '2823-3', display: 'Potassium' }] },
  subject: { reference: ADA },
  effectiveDateTime: '2026-11-20T06:15:00-06:00',
  valueQuantity: { value: 5.6, unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
  ...change,
});
const ada: Entry = { fullUrl: ADA, resource: patient('ada', '1') };

it.each<[string, Entry, object]>([
  ['a result of tomorrow is kept at its own time', { resource: result({ effectiveDateTime: '2099-01-01T00:00:00Z' }) }, { validFrom: '2099-01-01T00:00:00.000Z', grade: 'A' }],
  ['a year is a year, and not a day of it', { resource: result({ effectiveDateTime: '2026' }) }, { validFrom: '2026-01-01T00:00:00.000Z', flags: [] }],
  ['a time without a zone is flagged', { resource: result({ effectiveDateTime: '2026-11-20T06:15:00' }) }, { grade: 'D', flags: ['zone-missing'] }],
  ['entered in error on arrival is retracted', { resource: result({ status: 'entered-in-error' }) }, { retracted: true }],
  ['a cancelled result is retracted', { resource: result({ status: 'cancelled' }) }, { retracted: true }],
  ['a conditional reference names its patient', { resource: result({ subject: { reference: 'Patient?identifier=urn:oid:2.999.1.1|1' } }) }, { grade: 'A' }],
  ['a contained device is kept with its container', { resource: result({ contained: [{ resourceType: 'Device', id: 'd' }], device: { reference: '#d' } }) }, { grade: 'A' }],
  ['a reference into another Bundle is flagged', { resource: result({ encounter: { reference: 'urn:uuid:99999999-9999-4999-8999-999999999999' } }) }, { flags: ['reference-unresolved'] }],
  ['a modifier that nobody knows keeps it from use', { resource: result({ modifierExtension: [{ url: 'urn:x', valueBoolean: true }] }) }, { grade: 'D', flags: ['modifier-extension'] }],
])('%s', (_what, entry, expected) => {
  const { facts, rejections } = read('collection', [ada, entry]);

  expect([rejections, facts.find(({ type }) => type === 'Observation')]).toMatchObject([[], expected]);
}); // biome-ignore format: one case a line

it.each<[string, string, Entry[], [string, string][]]>([
  ['a deletion in a transaction', 'transaction', [ada, { request: { method: 'DELETE', url: 'Observation/o1' } }], [['entry[1]', 'deletion-unsupported']]],
  ['an answer without a resource', 'batch-response', [{ response: { status: '204' } }], [['entry[0]', 'resource-invalid']]],
  ['a Bundle in a Bundle', 'collection', [ada, { resource: { resourceType: 'Bundle', type: 'collection', entry: [ada] } }], [['entry[1].resource', 'not-a-fact']]],
  ['an outcome among results of a search', 'searchset', [ada, { resource: { resourceType: 'OperationOutcome', issue: [{ severity: 'warning', code: 'informational' }] } }], [['entry[1].resource', 'not-a-fact']]],
  ['a contained patient without an identifier', 'collection', [{ resource: result({ contained: [{ resourceType: 'Patient', id: 'p' }], subject: { reference: '#p' } }) }], [['entry[0].resource', 'no-patient']]],
  ['a reference that leads nowhere', 'collection', [{ resource: result() }], [['entry[0].resource', 'no-patient']]],
])('%s is set aside with its path, and its neighbours stand', (_what, type, entries, expected) => {
  const { facts, rejections } = read(type, entries);

  expect(rejections.map(({ item, reason }) => [item, reason])).toEqual(expected);
  expect(facts.length + rejections.length).toBe(entries.length);
}); // biome-ignore format: one case a line

it('R91: two patients under one fullUrl are both set aside, with all that refers to it: nobody gets the results of another', () => {
  const { facts, rejections } = read('collection', [
    { fullUrl: ADA, resource: patient(undefined, '1') },
    { fullUrl: ADA, resource: patient(undefined, '2') },
    { fullUrl: BEA, resource: patient('bea', '3') },
    { resource: result() },
    { resource: result({ id: 'o2', subject: { reference: BEA } }) },
  ]);

  expect(rejections.map(({ item, reason }) => [item, reason])).toEqual([
    ['entry[0].resource', 'full-url-repeated'],
    ['entry[1].resource', 'full-url-repeated'],
    ['entry[3].resource', 'no-patient'],
  ]);
  expect(facts.map(({ naturalKey }) => naturalKey)).toEqual(['bea', 'o2']);
});

it('the same entry twice is the same fact', () => {
  const { facts, rejections } = read('collection', [ada, ada]);

  expect(rejections).toEqual([]);
  expect(new Set(facts.map(({ id }) => id)).size).toBe(1);
});

it('a history is read from its oldest version on, whatever times it carries', () => {
  const version = (value: number): Entry => ({
    fullUrl: 'http://lab/Observation/o1',
    resource: result({ valueQuantity: { value, unit: 'mmol/L' } }),
    request: { method: 'PUT', url: 'Observation/o1' },
  });

  const { facts, rejections } = read('history', [version(5.6), version(6.5), ada]);

  expect(rejections).toEqual([]);
  expect(facts.filter(({ type }) => type === 'Observation').map(({ content }) => JSON.parse(content).valueQuantity.value)).toEqual([
    6.5, 5.6,
  ]);
});

it('what a history says was deleted does not come back by an older entry', () => {
  const { facts, rejections } = read('history', [
    { fullUrl: 'http://lab/Observation/o1', request: { method: 'DELETE', url: 'Observation/o1' } },
    { fullUrl: 'http://lab/Observation/o1', resource: result(), request: { method: 'PUT', url: 'Observation/o1' } },
    ada,
  ]);

  expect(rejections.map(({ item, reason }) => [item, reason])).toEqual([
    ['entry[1].resource', 'deleted-at-source'],
    ['entry[0]', 'deletion-unsupported'],
  ]);
  expect(facts.map(({ id }) => id)).toEqual([factIdOf('lab', 'Patient', 'ada')]);
});

function read(type: string, entry: Entry[]) {
  const bytes = new Uint8Array(Buffer.from(JSON.stringify({ resourceType: 'Bundle', type, entry })));
  const { people, rejections } = readFhir(bytes, {
    source: 'lab',
    receipt: '00000000-0000-0000-0000-000000000001',
    contentType: 'application/fhir+json',
  });
  return { facts: people.flatMap(({ facts }) => facts), rejections };
}
