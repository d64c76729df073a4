import { expect, it } from 'vitest';
import { textOf } from '../../core/fact.ts';
import { outcomeOf } from './answer.ts';
import { decodeLocation, locateText } from './json-locate.ts';
import { factIdOf, readFhir } from './read-bundle.ts';
import { hasData, jsonFiles, jsonFilesOfArchive, needsData } from './testing/samples.ts';

const RECEIPT = '00000000-0000-0000-0000-000000000001';
const PATIENT = 'urn:uuid:11111111-1111-1111-1111-111111111111';

it('R1: a fact carries source, receipt, range, map and grade, and its content as it was written', () => {
  const text = bundle([
    { fullUrl: PATIENT, resource: patient() },
    {
      resource:
        '{"resourceType":"Observation", "id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2857-1"}]},"subject":{"reference":"' +
        PATIENT +
        '"},"valueQuantity":{"value":1.10,"unit":"ng/mL"}}',
    },
  ]);

  const { people, counts } = read(text);
  const fact = people[0]!.facts[1]!;

  expect(counts).toEqual({ received: 2, stored: 2, rejected: 0 });
  expect(fact).toMatchObject({
    id: factIdOf('lab', 'Observation', 'o1'),
    naturalKey: 'o1',
    status: 'final',
    grade: 'A',
    flags: [],
    rank: 2,
    retracted: false,
  });
  expect(text.slice(...fact.origins[0]!.envelope)).toBe(fact.content);
  expect(fact.origins[0]).toMatchObject({ receipt: RECEIPT, mapping: 'fhir-r4@2' });
  expect(textOf(fact, 'value')).toBe('1.10');
  expect(fact.atoms.find((atom) => atom.name === 'value')!.path).toBe('entry[1].resource.valueQuantity.value');
});

it('names a patient by its own id, then by medical record numbers, and by nothing that two people could share', () => {
  const { people } = read(
    `{"resourceType":"Patient","id":"p1","birthDate":"1950-02-28","gender":"male","name":[{"use":"old","family":"Old"},{"use":"official","family":"Doe","given":["Jo","A."]}],"identifier":[
      {"type":{"coding":[{"code":"SS"}]},"system":"http://hl7.org/fhir/sid/us-ssn","value":"999-99-9999"},
      {"type":{"coding":[{"code":"MB"}]},"system":"urn:oid:1.9","value":"family-policy"},
      {"system":"urn:oid:1.2","value":"local"},
      {"type":{"coding":[{"code":"MR"}]},"system":"urn:oid:1.3","value":"MRN7"},
      {"use":"old","type":{"coding":[{"code":"MR"}]},"system":"urn:oid:1.3","value":"MRN1"},
      {"type":{"coding":[{"code":"MR"}]},"system":"urn:oid:1.3","value":"MRN2","period":{"end":"2020-01-01"}},
      {"type":{"coding":[{"code":"MR"}]},"value":"no-authority"},
      {"system":"urn:countersign:source:other:Patient","value":"forged"}]}`,
  );

  expect(people[0]!.person).toEqual({
    source: 'lab',
    identifiers: [
      { authority: 'urn:countersign:source:lab:Patient', value: 'p1' },
      { authority: 'urn:oid:1.3', value: 'MRN7' },
      { authority: 'urn:oid:1.2', value: 'local' },
    ],
    birthDate: '1950-02-28',
    sex: 'male',
    name: 'Jo A. Doe',
  });
});

it.each`
  why                       | subject                                                      | identifiers
  ${'an id'}                | ${'{"reference":"Patient/77"}'}                              | ${[['urn:countersign:source:lab:Patient', '77']]}
  ${'an absolute URL'}      | ${'{"reference":"https://ehr.example.org/fhir/Patient/77"}'} | ${[['urn:countersign:source:lab:Patient', '77']]}
  ${'a version'}            | ${'{"reference":"Patient/77/_history/3"}'}                   | ${[['urn:countersign:source:lab:Patient', '77']]}
  ${'a condition'}          | ${'{"reference":"Patient?identifier=urn:oid:1.3|MRN7"}'}     | ${[['urn:oid:1.3', 'MRN7']]}
  ${'a logical identifier'} | ${'{"identifier":{"system":"urn:oid:1.3","value":"MRN7"}}'}  | ${[['urn:oid:1.3', 'MRN7']]}
`('files a result under a patient that is not in the payload by $why', ({ subject, identifiers }) => {
  const { people } = read(`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":${subject}}`);

  expect(people[0]!.person.identifiers.map(({ authority, value }) => [authority, value])).toEqual(identifiers);
});

it('never files two patients of one payload together', () => {
  const { people } = read(
    bundle([
      { resource: observation('o1', 'Patient/1') },
      { resource: observation('o2', 'Patient/2') },
      { resource: observation('o3', 'Patient/1') },
    ]),
  );

  expect(people.map(({ facts }) => facts.map((fact) => fact.naturalKey))).toEqual([['o1', 'o3'], ['o2']]);
});

it.each`
  why                                  | resource
  ${'no subject'}                      | ${'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"}}'}
  ${'a name alone'}                    | ${'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"display":"Jo Doe"}}'}
  ${'an identifier of no authority'}   | ${'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"identifier":{"value":"7"}}}'}
  ${'a Bundle reference that dangles'} | ${'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:99999999-9999-9999-9999-999999999999"}}'}
`('holds a result that does not say whose it is: $why', ({ resource }) => {
  const { people, rejections } = read(resource);

  expect(people).toEqual([]);
  expect(rejections.map((rejection) => rejection.reason)).toEqual(['no-patient']);
});

it.each`
  why                                       | subject                                                                         | contained
  ${'an authority only we may name'}        | ${'{"identifier":{"system":"urn:countersign:source:lab:Patient","value":"1"}}'} | ${''}
  ${'an identifier of a group'}             | ${'{"type":"Group","identifier":{"system":"urn:oid:1.3","value":"7"}}'}         | ${''}
  ${'a contained patient without a number'} | ${'{"reference":"#p"}'}                                                         | ${'"contained":[{"resourceType":"Patient","id":"p","name":[{"family":"Doe"}]}],'}
`('holds a result whose patient is only $why', ({ subject, contained }) => {
  const { people, rejections } = read(
    `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},${contained}"subject":${subject}}`,
  );

  expect([people, rejections.map((rejection) => rejection.reason)]).toEqual([[], ['no-patient']]);
});

it('files a result under a contained patient by its identifiers alone', () => {
  const { people } = read(
    '{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"contained":[{"resourceType":"Patient","id":"p","identifier":[{"system":"urn:oid:1.3","value":"7"}]}],"subject":{"reference":"#p"}}',
  );

  expect(people[0]!.person.identifiers).toEqual([{ authority: 'urn:oid:1.3', value: '7' }]);
});

it('keeps what belongs to no patient under an owner that no patient can be', () => {
  const { people } = read(
    '[{"resourceType":"Organization","id":"1","name":"Clinic"},{"resourceType":"Medication","id":"m","code":{"text":"Aspirin"}}]',
  );

  expect(people).toHaveLength(1);
  expect(people[0]!.person.identifiers).toEqual([{ authority: 'urn:countersign:source:lab:shared', value: 'shared' }]);
});

it('files a Provenance under the patient of what it is about', () => {
  const { people } = read(
    bundle([
      { resource: observation('o1', 'Patient/1') },
      {
        resource:
          '{"resourceType":"Provenance","id":"v","target":[{"reference":"Observation/o1"}],"recorded":"2026-01-01T00:00:00Z","agent":[{"who":{"display":"x"}}]}',
      },
    ]),
  );

  expect(people).toHaveLength(1);
  expect(people[0]!.facts.map((fact) => fact.type)).toEqual(['Observation', 'Provenance']);
});

it('re-sending a resource changes neither its id nor its key; another source makes another fact', () => {
  const one = read(observation('o1', 'Patient/1')).people[0]!.facts[0]!;
  const again = read(bundle([{ resource: observation('o1', 'Patient/1') }])).people[0]!.facts[0]!;
  const other = readFhir(bytes(observation('o1', 'Patient/1')), { ...options, source: 'other' }).people[0]!.facts[0]!;

  expect([again.id, again.content]).toEqual([one.id, one.content]);
  expect(other.id).not.toBe(one.id);
});

it('the source named home keeps its own UUIDs', () => {
  const id = '22222222-2222-2222-2222-222222222222';

  expect(readFhir(bytes(observation(id, 'Patient/1')), { ...options, source: 'home' }).people[0]!.facts[0]!.id).toBe(id);
});

it('a resource with nothing to key on is kept, flagged and never taken for another', () => {
  const text = bundle([{ resource: observation(undefined, 'Patient/1') }, { resource: observation(undefined, 'Patient/1') }]);
  const [first, second] = read(text).people[0]!.facts;

  expect(first).toMatchObject({ naturalKey: '', flags: expect.arrayContaining(['no-natural-key']) });
  expect(first!.id).not.toBe(second!.id);
  expect(read(text).people[0]!.facts[0]!.id).toBe(first!.id);
});

it('reads the drug of an order from the Medication it refers to, with a path to where that stands', () => {
  const text = bundle([
    {
      fullUrl: 'urn:uuid:33333333-3333-3333-3333-333333333333',
      resource:
        '{"resourceType":"Medication","code":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"1191","display":"Aspirin"}]}}',
    },
    {
      resource:
        '{"resourceType":"MedicationRequest","id":"r","status":"active","intent":"order","subject":{"reference":"Patient/1"},"medicationReference":{"reference":"urn:uuid:33333333-3333-3333-3333-333333333333"}}',
    },
  ]);
  const { people } = read(text);
  const fact = people.flatMap((about) => about.facts).find((one) => one.type === 'MedicationRequest')!;
  const atom = fact.atoms.find((one) => one.name === 'display')!;

  expect(atom).toEqual({ name: 'display', text: 'Aspirin', origin: 1, path: 'entry[0].resource.code.coding[0].display' });
  expect(decodeLocation(bytes(text), locateText(bytes(text), atom.path, fact.origins[1]!.envelope))).toBe('Aspirin');
  expect([fact.grade, fact.flags]).toEqual(['A', []]);
});

it.each`
  status                | rank | retracted
  ${'registered'}       | ${1} | ${false}
  ${'preliminary'}      | ${1} | ${false}
  ${'final'}            | ${2} | ${false}
  ${'amended'}          | ${3} | ${false}
  ${'corrected'}        | ${3} | ${false}
  ${'entered-in-error'} | ${4} | ${true}
  ${'cancelled'}        | ${4} | ${true}
  ${'unknown'}          | ${0} | ${false}
`('R30: a result of status $status stands at rank $rank', ({ status, rank, retracted }) => {
  const [fact] = read(
    observation('o', 'Patient/1').replace('"final"', `"${status}"`).replace('"code"', '"issued":"2026-01-01T10:00:00+01:00","code"'),
  ).people[0]!.facts;

  expect(fact).toMatchObject({ rank, retracted, resultAt: '2026-01-01T09:00:00.000Z' });
});

it('a condition entered in error is retracted; a cancelled appointment is not', () => {
  const error = '{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"entered-in-error"}]}';
  const [condition] = read(`{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/1"},"verificationStatus":${error}}`)
    .people[0]!.facts;
  const [visit] = read(
    '{"resourceType":"Appointment","id":"a","status":"cancelled","participant":[{"status":"accepted","actor":{"reference":"Patient/1"}}]}',
  ).people[0]!.facts;

  expect([condition!.retracted, visit!.retracted]).toEqual([true, false]);
});

it.each`
  why                             | put                                                                                                           | grade  | flag
  ${'coded and complete'}         | ${'"valueQuantity":{"value":1,"unit":"mg/dL"}'}                                                               | ${'A'} | ${undefined}
  ${'a local code'}               | ${'"code":{"coding":[{"system":"urn:local","code":"PSA"}]}'}                                                  | ${'B'} | ${'code-local'}
  ${'words alone'}                | ${'"code":{"text":"PSA"}'}                                                                                    | ${'B'} | ${'code-missing'}
  ${'said by the patient'}        | ${'"performer":[{"reference":"Patient/1"}]'}                                                                  | ${'C'} | ${undefined}
  ${'said by a relative'}         | ${'"performer":[{"reference":"RelatedPerson/1"}]'}                                                            | ${'C'} | ${undefined}
  ${'a number without a unit'}    | ${'"valueQuantity":{"value":1}'}                                                                              | ${'D'} | ${'unit-missing'}
  ${'two units'}                  | ${'"valueQuantity":{"value":1,"unit":"g/L","system":"http://unitsofmeasure.org","code":"mg/dL"}'}             | ${'D'} | ${'unit-conflict'}
  ${'an unknown unit'}            | ${'"valueQuantity":{"value":1,"unit":"wibbles"}'}                                                             | ${'D'} | ${'unit-unknown'}
  ${'a component without a unit'} | ${'"component":[{"code":{"text":"x"},"valueQuantity":{"value":1}}]'}                                          | ${'D'} | ${'unit-missing'}
  ${'a time without a zone'}      | ${'"effectiveDateTime":"2026-01-01T10:00:00"'}                                                                | ${'D'} | ${'zone-missing'}
  ${'a date, which needs none'}   | ${'"effectiveDateTime":"2026-01-01"'}                                                                         | ${'A'} | ${undefined}
  ${'a modifier we do not know'}  | ${'"modifierExtension":[{"url":"http://x.org/not","valueBoolean":true}]'}                                     | ${'D'} | ${'modifier-extension'}
  ${'a modifier further down'}    | ${'"component":[{"modifierExtension":[{"url":"http://x.org/not","valueBoolean":true}],"code":{"text":"x"}}]'} | ${'D'} | ${'modifier-extension'}
  ${'rules we do not know'}       | ${'"implicitRules":"http://x.org/rules"'}                                                                     | ${'D'} | ${'implicit-rules'}
`('R1: grades $why as $grade', ({ put, grade, flag }) => {
  const code = put.startsWith('"code"') ? '' : '"code":{"coding":[{"system":"http://loinc.org","code":"2857-1"}]},';
  const [fact] = read(`{"resourceType":"Observation","id":"o","status":"final","subject":{"reference":"Patient/1"},${code}${put}}`)
    .people[0]!.facts;

  expect(fact!.grade).toBe(grade);
  expect(fact!.flags).toEqual(flag ? [flag] : []);
});

it('flags a reference that leads nowhere', () => {
  const text = observation('o', 'Patient/1').replace(
    '"code"',
    '"encounter":{"reference":"urn:uuid:99999999-9999-9999-9999-999999999999"},"code"',
  );

  expect(read(text).people[0]!.facts[0]!.flags).toContain('reference-unresolved');
});

it('rejects a faulty entry with its path and keeps its neighbours', () => {
  const { people, rejections, counts } = read(
    bundle([{ resource: observation('o1', 'Patient/1').replace('"final"', '"SECRET"') }, { resource: observation('o2', 'Patient/1') }]),
  );

  expect(counts).toEqual({ received: 2, stored: 1, rejected: 1 });
  expect(people[0]!.facts.map((fact) => fact.naturalKey)).toEqual(['o2']);
  expect(rejections[0]).toMatchObject({ item: 'entry[0].resource', reason: 'resource-invalid' });
  expect(outcomeOf(rejections)).toEqual({
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'error',
        code: 'code-invalid',
        diagnostics: 'not in the required value set http://hl7.org/fhir/ValueSet/observation-status',
        expression: ['entry[0].resource.status'],
      },
    ],
  });
});

it('a reference within a Bundle is checked against what it leads to', () => {
  const { rejections } = read(
    bundle([{ fullUrl: PATIENT, resource: '{"resourceType":"Practitioner","id":"d"}' }, { resource: observation('o1', PATIENT) }]),
  );

  expect(rejections.map((rejection) => rejection.detail)).toEqual([
    'entry[1].resource.subject.reference [value] a reference to a resource type that is not allowed here',
  ]);
});

it.each`
  why                    | text                                                                                                      | reason
  ${'a deletion'}        | ${'{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"DELETE","url":"Patient/1"}}]}'} | ${'deletion-unsupported'}
  ${'an answer'}         | ${'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"login"}]}'}                    | ${'not-a-fact'}
  ${'a repeated member'} | ${'[{"resourceType":"Patient","id":"1","id":"2"}]'}                                                       | ${'unreadable'}
  ${'no resource'}       | ${'[7]'}                                                                                                  | ${'resource-invalid'}
`('rejects $why', ({ text, reason }) => {
  expect(read(text).rejections.map((rejection) => rejection.reason)).toEqual([reason]);
});

it.each(['', '\ufeff'])('reads NDJSON line by line, a bad line spoiling only itself; begun with "%s"', (mark) => {
  const lines = [patient(), '', observation('o1', 'Patient/p'), '{"resourceType":"Obs', observation('o2', 'Patient/p')];
  const file = bytes(mark + lines.map((line) => `${line}\n`).join(''));

  const { counts, rejections, people } = readFhir(file, { ...options, contentType: 'application/fhir+ndjson' });

  expect(counts).toEqual({ received: 4, stored: 3, rejected: 1 });
  expect(rejections[0]).toMatchObject({ item: 'line[3]', reason: 'unreadable' });
  const last = people[0]!.facts.at(-1)!;
  expect(decodeLocation(file, locateText(file, 'line[4].id', last.origins[0]!.envelope))).toBe('o2');
});

it(`imports the ten charts whole: every resource stored, every note readable${needsData}`, { skip: !hasData }, () => {
  const readings = jsonFiles('synthea/small-10').map(({ bytes: content }) => read(content));
  const facts = readings.flatMap(({ people }) => people.flatMap((about) => about.facts));
  const notes = facts.filter((fact) => fact.type === 'DocumentReference').map((fact) => textOf(fact, 'note') ?? '');

  expect(readings.flatMap(({ rejections }) => rejections)).toEqual([]);
  expect(facts).toHaveLength(2971);
  expect(new Set(facts.map((fact) => fact.id)).size).toBe(2971);
  expect(readings.map(({ people }) => people.filter((about) => about.person.birthDate !== undefined).length)).toEqual(Array(10).fill(1));
  expect(notes).toHaveLength(104);
  expect(notes.every((note) => note.includes('# Chief Complaint'))).toBe(true);
});

it(`imports the hundred charts of the blaze set whole${needsData}`, { skip: !hasData }, () => {
  const sum = { received: 0, stored: 0, patients: 0, documents: 0, notes: 0 };
  for (const { bytes: content } of jsonFilesOfArchive('synthea/blaze-dev.tar.xz')) {
    const { counts, people } = read(content);
    const documents = people.flatMap((about) => about.facts).filter((fact) => fact.type === 'DocumentReference');
    sum.received += counts.received;
    sum.stored += counts.stored;
    sum.patients += people.filter((about) => about.facts.some((fact) => fact.type === 'Patient')).length;
    sum.documents += documents.length;
    sum.notes += documents.filter((fact) => textOf(fact, 'note')?.includes('# Chief Complaint')).length;
  }

  expect(sum).toEqual({ received: 77_944, stored: 77_944, patients: 99, documents: 3981, notes: 3981 });
});

const options = { source: 'lab', receipt: RECEIPT, contentType: 'application/fhir+json' } as const;

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

function read(content: string | Uint8Array) {
  return readFhir(typeof content === 'string' ? bytes(content) : content, options);
}

function bundle(entries: { fullUrl?: string; resource: string }[]): string {
  const written = entries.map(
    ({ fullUrl, resource }) => `{${fullUrl ? `"fullUrl":"${fullUrl}",` : ''}"resource":${resource},"request":{"method":"POST","url":"x"}}`,
  );
  return `{"resourceType":"Bundle","type":"transaction","entry":[${written.join(',')}]}`;
}

function patient(): string {
  return '{"resourceType":"Patient","id":"p","gender":"male"}';
}

function observation(id: string | undefined, subject: string): string {
  return `{"resourceType":"Observation",${id === undefined ? '' : `"id":"${id}",`}"status":"final","code":{"text":"PSA"},"subject":{"reference":"${subject}"}}`;
}
