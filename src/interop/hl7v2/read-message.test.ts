import { describe, expect, it } from 'vitest';
import { type Atom, type NewFact, textOf } from '../../core/fact.ts';
import { readUnit as knownUnit } from '../units/units.ts';
import { decodeLocation, locateHl7 } from './locate.ts';
import { readHl7File } from './read-file.ts';
import { type Hl7Options, type Hl7Result, readHl7 } from './read-message.ts';

const PID = 'PID|1||100^^^NORTH&1.2.3&ISO^MR~55^^^STATE^SS||DOE^JANE^Q||19570314|F';

describe('who', () => {
  it('takes the authority of each PID-3 as OID, by the site’s map, or within the source', () => {
    const pid = 'PID|1||1^^^A&1.2.3&ISO~2^^^MAPPED~3^^^STATE~4~1^^^A&1.2.3&ISO||DOE';

    const result = read([pid], 'ADT^A08');

    expect(result.people[0]?.person.identifiers).toEqual([
      { authority: 'urn:oid:1.2.3', value: '1' },
      { authority: 'http://mapped.example', value: '2' },
      { authority: 'urn:countersign:authority:lab:STATE', value: '3' },
      { authority: 'urn:countersign:source:lab', value: '4' },
    ]);
  });

  it.each(['SS', 'DL', 'PPN', 'MB', 'MC', 'MA', 'AN', 'VN', 'an', 'XYZ'])(
    'R125: joins nobody by a number of type %s and keeps it in the Patient',
    (type) => {
      const pid = `PID|1||M77^^^PLAN&9.9&ISO^${type}~100^^^NORTH&1.2.3&ISO^PI~200^^^NORTH&1.2.4&ISO^MR||DOE|||||||||||||ACC1|999-99-9999`;

      const { person, facts } = read([pid], 'ADT^A08').people[0]!;

      expect(person.identifiers).toEqual([
        { authority: 'urn:oid:1.2.4', value: '200' },
        { authority: 'urn:oid:1.2.3', value: '100' },
      ]);
      expect(JSON.parse(facts[0]!.content).identifier).toContainEqual(expect.objectContaining({ value: 'M77' }));
    },
  );

  it.each(['MR', 'PI', 'PT', 'PN', 'NI', 'NH', 'mr', 'MRN', ''])('joins by a number of type "%s"', (type) => {
    const { person } = read([`PID|1||7^^^NORTH&1.2.3&ISO^${type}`], 'ADT^A08').people[0]!;

    expect(person.identifiers).toEqual([{ authority: 'urn:oid:1.2.3', value: '7' }]);
  });

  it('sets aside a patient with a member, account and social security number only', () => {
    const result = read(['PID|1||M77^^^PLAN^MB||DOE|||||||||||||ACC1|999-99-9999'], 'ADT^A08');

    expect(result.people).toEqual([]);
    expect(result.rejections.map(({ reason }) => reason)).toEqual(['patient-unidentified']);
  });

  it('reads name, birth date and sex beside the identifiers', () => {
    const { person } = read([PID], 'ADT^A08').people[0]!;

    expect(person).toMatchObject({ source: 'lab', birthDate: '1957-03-14', sex: 'F', name: 'JANE Q DOE' });
  });

  it('sets aside a patient without identifiers and holds every field of theirs', () => {
    const result = read(['PID|1||||DOE^JANE', 'OBX|1|NM|1^A^LN||5|mg|||||F'], 'ORU^R01');

    expect(result.people).toEqual([]);
    expect(result.rejections.map(({ item, reason }) => ({ item, reason }))).toEqual([
      { item: 'ORU_R01/PID[1]', reason: 'patient-unidentified' },
    ]);
    const lines = result.coverage().lines.filter((line) => !line.path.includes('MSH'));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.every((line) => line.state === 'held')).toBe(true);
  });

  it('reads two double quotes as no value, in a field and in a component', () => {
    const { person, facts } = read(['PID|1||7^^^""||DOE^""|""|19570314|""'], 'ADT^A08').people[0]!;

    expect(person).toEqual({
      source: 'lab',
      identifiers: [{ authority: 'urn:countersign:source:lab', value: '7' }],
      birthDate: '1957-03-14',
      name: 'DOE',
    });
    expect(JSON.parse(facts[0]!.content)).toMatchObject({ name: [{ family: 'DOE' }] });
    expect(facts[0]!.content).not.toContain('\\"');
  });

  it('keeps two patients of one message apart', () => {
    const result = read([PID, obr(), obx('5'), 'PID|2||200', obr({ filler: 'F2' }), obx('6')], 'ORU^R01');

    expect(result.people.map(({ person, facts }) => [person.identifiers[0]?.value, facts.length])).toEqual([
      ['100', 3],
      ['200', 3],
    ]);
  });

  it('reads A40 as a merge at the time it happened and rewrites no fact', () => {
    const result = read(['EVN|A40|20260301||||20260228100000+0100', PID, 'MRG|77^^^NORTH&1.2.3&ISO'], 'ADT^A40');

    expect(result.merges).toEqual([
      {
        from: { source: 'lab', identifiers: [{ authority: 'urn:oid:1.2.3', value: '77' }] },
        into: expect.objectContaining({ source: 'lab', birthDate: '1957-03-14' }),
        at: '2026-02-28T09:00:00.000Z',
      },
    ]);
    expect(result.people).toEqual([]);
  });

  it.each([
    ['merge-unidentified', ['EVN||20260301', PID, 'MRG|']],
    ['merge-undated', [PID, 'MRG|77']],
  ])('sets aside a merge: %s', (reason, segments) => {
    const result = readHl7(Buffer.from(['MSH|^~\\&|A|NORTH|||||ADT^A40|1|P|2.5.1', ...segments, ''].join('\r')), options());

    expect(result.merges).toEqual([]);
    expect(result.rejections.map((one) => one.reason)).toEqual([reason]);
  });
});

describe('results', () => {
  it('R30: keeps the number as sent, with unit, range, flag, status, times and code', () => {
    const fact = result(read([PID, obr(), obx('1.10', { flag: 'HH', range: '3.5-5.1' })], 'ORU^R01'));

    expect(fact.content).toContain('"value":1.10,');
    expect(JSON.parse(fact.content)).toMatchObject({
      resourceType: 'Observation',
      id: fact.id,
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '2823-3', display: 'Potassium' }] },
      effectiveDateTime: '2026-03-01T07:30:00+01:00',
      valueQuantity: { unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
      interpretation: [{ coding: [{ code: 'HH' }] }],
      referenceRange: [{ low: { value: 3.5 }, high: { value: 5.1 }, text: '3.5-5.1' }],
    });
    expect(fact).toMatchObject({
      grade: 'A',
      flags: [],
      rank: 2,
      retracted: false,
      status: 'final',
      validFrom: '2026-03-01T06:30:00.000Z',
    });
    expect(textOf(fact, 'value')).toBe('1.10');
  });

  it.each`
    status | fhir                  | rank | retracted
    ${'P'} | ${'preliminary'}      | ${1} | ${false}
    ${'R'} | ${'preliminary'}      | ${1} | ${false}
    ${'F'} | ${'final'}            | ${2} | ${false}
    ${'C'} | ${'corrected'}        | ${3} | ${false}
    ${'A'} | ${'amended'}          | ${3} | ${false}
    ${'D'} | ${'entered-in-error'} | ${3} | ${true}
    ${'W'} | ${'entered-in-error'} | ${3} | ${true}
    ${'X'} | ${'cancelled'}        | ${3} | ${true}
    ${''}  | ${'unknown'}          | ${1} | ${false}
  `('R30: OBX-11 $status is $fhir, rank $rank', ({ status, fhir, rank, retracted }) => {
    const fact = result(read([PID, obr(), obx('5', { status })], 'ORU^R01'));

    expect(fact).toMatchObject({ status: fhir, rank, retracted });
  });

  it('R30: a correction is the same fact as what it corrects, whatever OBX-1 says and LOINC calls it', () => {
    const first = result(read([PID, obr(), obx('5.1')], 'ORU^R01'));
    const corrected = result(read([PID, obr(), obx('4.1', { status: 'C', line: 9, name: 'Kalium' })], 'ORU^R01', '20260303'));

    expect(corrected.id).toBe(first.id);
    expect(corrected.rank).toBeGreaterThan(first.rank);
  });

  it.each`
    what                | other
    ${'another order'}  | ${[obr({ filler: 'F2' }), obx('5')]}
    ${'another sub-id'} | ${[obr(), obx('5', { sub: '2' })]}
    ${'another code'}   | ${[obr(), obx('5', { code: '2951-2' })]}
  `('R30: $what is another fact', ({ other }) => {
    const first = result(read([PID, obr(), obx('5')], 'ORU^R01'));

    expect(result(read([PID, ...other], 'ORU^R01')).id).not.toBe(first.id);
  });

  it('R30: equals within one order are told apart by their ordinal', () => {
    const facts = results(read([PID, obr(), obx('5'), obx('6')], 'ORU^R01'));

    expect(facts[0]?.id).not.toBe(facts[1]?.id);
    expect(facts.map((fact) => fact.naturalKey.split('|').at(-1))).toEqual(['1', '2']);
  });

  it('R30: without an order number specimen or time of this person is the key; without those there is none, and it is flagged', () => {
    const timed = result(read([PID, obr({ filler: '', placer: '' }), obx('5')], 'ORU^R01'));
    const other = result(read(['PID|1||200', obr({ filler: '', placer: '' }), obx('5')], 'ORU^R01'));
    const none = result(read([PID, 'OBR|1|||24323-8^Panel^LN', obx('5', { at: '' })], 'ORU^R01'));

    expect(timed.naturalKey).toContain('at|urn:oid:1.2.3|100|2026-03-01T07:30:00+01:00');
    expect(other.id).not.toBe(timed.id);
    expect(none).toMatchObject({ naturalKey: '' });
    expect(none.flags).toContain('no-natural-key');
  });

  it('R30: the version’s time is when results changed, not when the sample was taken', () => {
    const early = result(read([PID, obr({ changed: '20260301100000+0100' }), obx('5', { status: 'C' })], 'ORU^R01'));
    const late = result(read([PID, obr({ changed: '20260302100000+0100' }), obx('6', { status: 'C' })], 'ORU^R01'));

    expect(early.resultAt).toBe('2026-03-01T09:00:00.000Z');
    expect(late.resultAt).toBe('2026-03-02T09:00:00.000Z');
  });

  it.each`
    sent                                      | unit                | code
    ${'mL/min/{1.73_m2}^mL/min/1.73 m²^UCUM'} | ${'mL/min/1.73 m²'} | ${'mL/min/{1.73_m2}'}
    ${'mmol/L^^UCUM'}                         | ${'mmol/L'}         | ${'mmol/L'}
    ${'^mmol/L'}                              | ${'mmol/L'}         | ${'mmol/L'}
    ${'local7^mmol/L^L'}                      | ${'mmol/L'}         | ${'mmol/L'}
  `('R30: OBX-6 $sent is shown as $unit and computed with as $code', ({ sent, unit, code }) => {
    const readUnit = (text: string) => (text === 'local7' ? undefined : knownUnit(text));
    const bytes = Buffer.from(['MSH|^~\\&|A|NORTH|||20260301||ORU^R01|1|P|2.5.1|||||||UNICODE UTF-8', PID, 'OBR|1||F1|1^A^LN', obx('5', { unit: sent }), ''].join('\r')); // biome-ignore format: one message

    const observation = result(readHl7(bytes, { ...options(), readUnit }));

    expect(JSON.parse(observation.content).valueQuantity).toMatchObject({ unit, code });
    expect(observation.flags).not.toContain('unit-conflict');
  });

  it('R30: U without a value is set aside: it would erase the value it makes final', () => {
    const read1 = read([PID, obr(), obx('', { status: 'U' })], 'ORU^R01');

    expect(results(read1)).toEqual([]);
    expect(read1.rejections.map((one) => one.reason)).toEqual(['status-without-value']);
  });

  it.each`
    why                        | options                       | flag                     | grade
    ${'no unit'}               | ${{ unit: '' }}               | ${'unit-missing'}        | ${'D'}
    ${'an unknown unit'}       | ${{ unit: 'blobs' }}          | ${'unit-unknown'}        | ${'D'}
    ${'two units'}             | ${{ unit: 'mg/dL^g/L^UCUM' }} | ${'unit-conflict'}       | ${'D'}
    ${'a time without zone'}   | ${{ at: '202603010730' }}     | ${'zone-missing'}        | ${'D'}
    ${'an impossible time'}    | ${{ at: '20260230' }}         | ${'time-unreadable'}     | ${'D'}
    ${'a number that is none'} | ${{ value: 'pending' }}       | ${'number-unreadable'}   | ${'D'}
    ${'several numbers'}       | ${{ value: '60~120' }}        | ${'value-repeats'}       | ${'D'}
    ${'a local code'}          | ${{ code: 'K', system: 'L' }} | ${'code-local'}          | ${'B'}
    ${'a value type unknown'}  | ${{ type: 'XYZ' }}            | ${'value-type-unmapped'} | ${'A'}
  `('flags $why with $flag and grades it $grade', ({ options: given, flag, grade }) => {
    const message = readHl7(
      Buffer.from(
        ['MSH|^~\\&|A|NORTH|||20260301||ORU^R01|1|P|2.5.1', PID, 'OBR|1||F1|1^A^LN', obx(given.value ?? '5', given), ''].join('\r'),
      ),
      options(),
    );

    expect(result(message).flags).toContain(flag);
    expect(result(message).grade).toBe(grade);
  });

  it.each`
    type     | sent                       | element                   | value
    ${'NM'}  | ${'+5'}                    | ${'valueQuantity'}        | ${'"value":5,'}
    ${'NM'}  | ${'007.50'}                | ${'valueQuantity'}        | ${'"value":7.50,'}
    ${'NM'}  | ${'.5'}                    | ${'valueQuantity'}        | ${'"value":0.5,'}
    ${'NM'}  | ${'<0.01'}                 | ${'valueQuantity'}        | ${'"value":0.01,"comparator":"<"'}
    ${'NM'}  | ${'pending'}               | ${'valueString'}          | ${'"pending"'}
    ${'NM'}  | ${'60~120'}                | ${'valueString'}          | ${'"60 ~ 120"'}
    ${'SN'}  | ${'^182'}                  | ${'valueQuantity'}        | ${'"value":182,'}
    ${'SN'}  | ${'>=^1.50'}               | ${'valueQuantity'}        | ${'"value":1.50,"comparator":">="'}
    ${'SN'}  | ${'^1^:^128'}              | ${'valueString'}          | ${'"1:128 mmol/L"'}
    ${'ST'}  | ${'1.10'}                  | ${'valueQuantity'}        | ${'"value":1.10,'}
    ${'ST'}  | ${'clear'}                 | ${'valueString'}          | ${'"clear"'}
    ${'CWE'} | ${'10828004^Positive^SCT'} | ${'valueCodeableConcept'} | ${'"code":"10828004"'}
    ${'DT'}  | ${'20260301'}              | ${'valueDateTime'}        | ${'"2026-03-01"'}
    ${'TM'}  | ${'0830'}                  | ${'valueTime'}            | ${'"08:30:00"'}
    ${'NM'}  | ${'""'}                    | ${'dataAbsentReason'}     | ${'"unknown"'}
  `('reads $type $sent as $element', ({ type, sent, element, value }) => {
    const fact = result(read([PID, obr(), obx(sent, { type })], 'ORU^R01'));

    expect(fact.content).toContain(`"${element}"`);
    expect(fact.content).toContain(value);
  });

  it('R88: reads unescaped & and ^ in TX as text and flags them', () => {
    const fact = result(read([PID, obr(), obx('Smith & Wesson ^ 2', { type: 'TX' })], 'ORU^R01'));

    expect(textOf(fact, 'valueText')).toBe('Smith & Wesson ^ 2');
    expect(fact.flags).toContain('separator-unescaped');
  });

  it('joins the lines of a written report into its conclusion, each line with its own bytes', () => {
    const text = ['Findings:', 'The liver is 12 cm \\T\\ smooth.', '', 'IMPRESSION: none'].map(
      (line, i) => `OBX|${i + 1}|TX|18748-4^CT^LN||${line}||||||F`,
    );
    const bytes = message([PID, obr(), ...text], 'ORU^R01');
    const reading = readHl7(bytes, options());

    const report = reading.people[0]!.facts.find((fact) => fact.type === 'DiagnosticReport')!;
    expect(results(reading)).toEqual([]);
    const [whole, ...lines] = report.atoms.filter((atom) => atom.name === 'conclusion');
    expect(whole?.text).toBe('Findings:\nThe liver is 12 cm & smooth.\nIMPRESSION: none');
    expect(lines.map((line) => said(bytes, line))).toEqual(['Findings:', 'The liver is 12 cm & smooth.', 'IMPRESSION: none']);
  });
});

describe('visits, allergies and problems', () => {
  const PV1 =
    'PV1|1|I|W1^R2^B3^CITY|E|||7^DISNEY^WALT^^^DR|||CAR||||1|||||V99^^^NORTH&1.2.3&ISO|||||||||||||||||01||||||||20260301080000+0100|20260303090000+0100';

  it.each`
    event    | pv1                              | status
    ${'A01'} | ${'PV1|1|I|||||||||||||||||V99'} | ${'in-progress'}
    ${'A03'} | ${'PV1|1|I|||||||||||||||||V99'} | ${'finished'}
    ${'A08'} | ${PV1}                           | ${'finished'}
    ${'A11'} | ${'PV1|1|I|||||||||||||||||V99'} | ${'cancelled'}
    ${'A05'} | ${'PV1|1|O|||||||||||||||||V99'} | ${'planned'}
    ${'A04'} | ${'PV1|1|P|||||||||||||||||V99'} | ${'planned'}
    ${'A13'} | ${PV1}                           | ${'in-progress'}
  `('reads a visit at $event as $status', ({ event, pv1, status }) => {
    expect(fact(read([PID, pv1], `ADT^${event}`), 'Encounter').status).toBe(status);
  });

  it('reads period, class, doctors and the visit number, by which the visit stays one fact', () => {
    const encounter = fact(read([PID, PV1, 'PV2|||^Chest pain'], 'ADT^A03'), 'Encounter');

    expect(JSON.parse(encounter.content)).toMatchObject({
      class: { code: 'IMP' },
      period: { start: '2026-03-01T08:00:00+01:00', end: '2026-03-03T09:00:00+01:00' },
      participant: [{ individual: { display: 'DR WALT DISNEY' }, type: [{ coding: [{ code: 'ATND' }] }] }],
      reasonCode: [{ text: 'Chest pain' }],
    });
    expect(encounter.id).toBe(fact(read([PID, 'PV1|1|I|||||||||||||||||V99^^^NORTH&1.2.3&ISO'], 'ADT^A01'), 'Encounter').id);
  });

  it('reads AL1 and DG1, and takes back what DG1-21 D and IAM-6 D delete', () => {
    const reading = read(
      [PID, PV1, 'AL1|1|DA|7980^Penicillin G^RXNORM|SV|Hives|20200101', 'DG1|1||I10^Hypertension^I10C||20260301|F'],
      'ADT^A01',
    );
    const gone = read(
      [PID, PV1, 'IAM|1|DA|7980^Penicillin G^RXNORM|||D', 'DG1|1||I10^Hypertension^I10C||20260301|F|||||||||||||||D'],
      'ADT^A08',
    );

    expect(JSON.parse(fact(reading, 'AllergyIntolerance').content)).toMatchObject({
      code: { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '7980' }] },
      category: ['medication'],
      criticality: 'high',
      reaction: [{ severity: 'severe' }],
    });
    expect(JSON.parse(fact(reading, 'Condition').content)).toMatchObject({
      verificationStatus: { coding: [{ code: 'confirmed' }] },
      onsetDateTime: '2026-03-01',
    });
    for (const type of ['AllergyIntolerance', 'Condition']) {
      expect(fact(gone, type)).toMatchObject({ retracted: true, id: fact(reading, type).id });
    }
  });
});

describe('nothing is dropped', () => {
  it('R124: lists every non-empty field with its bytes, read or not, Z segments too', () => {
    const bytes = message([PID, 'ZPI|1|secret^part|', 'NK1|1|DOE^JOHN', obr(), obx('5')], 'ORU^R01');
    const coverage = readHl7(bytes, options()).coverage();

    const states = new Map(coverage.lines.map((line) => [line.path, line.state]));
    expect(states.get('ORU_R01/PID[1]-3[1].1')).toBe('mapped');
    expect(states.get('ORU_R01/ZPI[1]-2[1]')).toBe('kept-unmapped');
    expect(states.get('ORU_R01/NK1[1]-2[1]')).toBe('kept-unmapped');
    expect(coverage.lines.find((line) => line.path === 'ORU_R01/OBX[1]-5[1]')?.becomes).toBe('Observation.valueQuantity.value');
    expectAllBytes(bytes, coverage.lines);
  });

  it('keeps an unsupported message whole, with every field held', () => {
    const bytes = message([PID, 'FT1|1|||20260301'], 'DFT^P03');
    const reading = readHl7(bytes, options());

    expect(reading.people).toEqual([]);
    expect(reading.rejections).toEqual([
      expect.objectContaining({ item: '', start: 0, end: bytes.length, reason: 'message-type-unsupported' }),
    ]);
    expect(reading.coverage().lines.every((line) => line.state === 'held')).toBe(true);
    expectAllBytes(bytes, reading.coverage().lines);
  });

  it('says so where MSH-9 is empty', () => {
    const reading = readHl7(message([PID], ''), options());

    expect(reading.rejections.map(({ item, reason }) => ({ item, reason }))).toEqual([{ item: '', reason: 'type-missing' }]);
    expect(reading.coverage().lines.every((line) => line.state === 'held')).toBe(true);
  });

  it.each`
    why                     | bytes                               | reason
    ${'no message'}         | ${'hello'}                          | ${'no-msh'}
    ${'nothing'}            | ${''}                               | ${'no-msh'}
    ${'an unknown charset'} | ${`MSH|^~\\&${'|'.repeat(16)}KOI8`} | ${'charset-unsupported'}
  `('sets aside $why', ({ bytes, reason }) => {
    const reading = readHl7File(Buffer.from(bytes), options());

    expect(reading.rejections).toEqual([expect.objectContaining({ item: '', reason })]);
  });

  it('reads a batch: each message with its envelope, items told apart by message', () => {
    const one = message([PID, obr(), obx('5')], 'ORU^R01').toString();
    const two = message(['PID|1', obr(), obx('6')], 'ORU^R01').toString();
    const bytes = Buffer.from(`BHS|^~\\&|A\r${one}${two}BTS|2\r`);

    const reading = readHl7File(bytes, options());

    expect(reading.rejections.map((one) => one.item)).toEqual(['message[2]/ORU_R01/PID[1]']);
    const potassium = result(reading);
    expect(said(bytes, potassium.atoms.find((atom) => atom.name === 'value')!, potassium)).toBe('5');
  });

  it('R143: every atom of every fact leads to bytes of the message', () => {
    const bytes = message([PID, obr(), obx('1.10', { flag: 'H' }), 'NTE|1||fasting \\T\\ calm'], 'ORU^R01');
    const fact = result(readHl7(bytes, options()));

    const spoken = Object.fromEntries(fact.atoms.map((atom) => [atom.name, said(bytes, atom)]));
    expect(spoken).toMatchObject({
      value: '1.10',
      unit: 'mmol/L',
      code: '2823-3',
      status: 'F',
      flag: 'H',
      note: 'fasting & calm',
      effective: '20260301073000+0100',
    });
  });
});

type Obx = Partial<Record<'unit' | 'status' | 'flag' | 'range' | 'code' | 'system' | 'name' | 'sub' | 'type' | 'at', string>> & {
  line?: number;
};

function obx(value: string, given: Obx = {}): string {
  const {
    unit = 'mmol/L',
    status = 'F',
    flag = '',
    range = '',
    code = '2823-3',
    system = 'LN',
    name = 'Potassium',
    sub = '',
    type = 'NM',
  } = given;
  return `OBX|${given.line ?? 1}|${type}|${code}^${name}^${system}|${sub}|${value}|${unit}|${range}|${flag}|||${status}|||${given.at ?? '20260301073000+0100'}`;
}

function obr(given: { filler?: string; placer?: string; changed?: string } = {}): string {
  return `OBR|1|${given.placer ?? 'P1'}|${given.filler ?? 'F1'}|24323-8^Panel^LN|||20260301073000+0100|||||||||||||||${given.changed ?? ''}||LAB|F`;
}

function message(segments: string[], type: string, at = '20260301'): Buffer {
  return Buffer.from([`MSH|^~\\&|NORTHLAB|NORTH|EHR|CITY|${at}120000+0100||${type}|C1|P|2.5.1`, ...segments, ''].join('\r'));
}

function read(segments: string[], type: string, at?: string): Hl7Result {
  return readHl7(message(segments, type, at), options());
}

function options(): Hl7Options {
  return {
    source: 'lab',
    receipt: '11111111-1111-4111-8111-111111111111',
    authorities: new Map([['MAPPED', 'http://mapped.example']]),
    readUnit: (text) => (text === 'blobs' ? undefined : { ucum: text }),
  };
}

function results(reading: Hl7Result): NewFact[] {
  return reading.people.flatMap((one) => one.facts.filter((each) => each.type === 'Observation'));
}

function result(reading: Hl7Result): NewFact {
  return results(reading)[0]!;
}

function fact(reading: Hl7Result, type: string): NewFact {
  return reading.people.flatMap((one) => one.facts).find((each) => each.type === type)!;
}

function said(bytes: Buffer, atom: Atom, of?: NewFact): string {
  return decodeLocation(bytes, locateHl7(bytes, atom.path, of?.origins[0]?.envelope));
}

/** Lines, delimiters, segment names and terminators are all there is. */
function expectAllBytes(bytes: Buffer, lines: { start: number; end: number }[]): void {
  const rest = Buffer.from(bytes);
  for (const line of lines) rest.fill(0, line.start, line.end);
  const left = rest.toString('latin1').replaceAll('\0', '');
  expect(left.replaceAll(/(^|\r)[A-Z][A-Z0-9]{2}/g, '').replaceAll(/[|^~&\r]/g, '')).toBe('');
}
