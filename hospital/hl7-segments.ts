import type { Chart, Encounter } from './chart.ts';
import { allergens, encounterTypes, reactions } from './codes.ts';
import { hl7Date, hl7Time, type Minute } from './dates.ts';
import { visitNumber } from './fhir-writer.ts';
import { type ClinicianKey, clinicians, type Person } from './people.ts';

/** One message of a feed with the moment it was sent; `sequence` keeps messages of one minute in the order they were made. */
export type Message = { sent: Minute; text: string; kind: string };

/** Writes a segment from its fields by number; empty fields between are kept, trailing ones dropped. Ends with CR (HL7 v2.5.1 §2.8). */
export function segment(name: string, fields: Record<number, string | undefined>): string {
  const last = Math.max(
    0,
    ...Object.keys(fields)
      .map(Number)
      .filter((number) => fields[number] !== undefined && fields[number] !== ''),
  );
  let text = name;
  for (let number = 1; number <= last; number++) text += `|${fields[number] ?? ''}`;
  return `${text}\r`;
}

/** Escapes what would be read as a delimiter (HL7 v2.5.1 §2.7.1). */
export function escaped(text: string): string {
  return text.replace(
    /[\\|^&~]/g,
    (character) => ({ '\\': '\\E\\', '|': '\\F\\', '^': '\\S\\', '&': '\\T\\', '~': '\\R\\' })[character] ?? character,
  );
}

/** Message header: sending application, type such as `ORU^R01^ORU_R01`, control id, and the time with its offset. */
export function msh(application: string, type: string, control: string, sent: Minute): string {
  const text = segment('MSH', {
    2: application,
    3: 'NORTH',
    4: 'INTEGRATION',
    5: 'NORTH',
    6: hl7Time(sent),
    8: type,
    9: control,
    10: 'P',
    11: '2.5.1',
    14: 'AL',
    15: 'NE',
    17: 'UNICODE UTF-8',
  });
  // MSH-1 is the separator itself and MSH-2 the other four, so every later field stands one place further than it is counted here.
  return `MSH|^~\\&${text.slice(4)}`;
}

/** Who the message is about; PID-3 carries the number with its authority, so two hospitals' numbers never meet. */
export function pid(person: Person, mrn = person.mrn): string {
  const phone = `^PRN^PH^^1^555^${person.phone.slice(4).padStart(7, '5')}`;
  return segment('PID', {
    1: '1',
    3: `${mrn}^^^NORTH&2.999.1.1&ISO^MR`,
    5: `${escaped(person.family)}^${escaped(person.given)}^${person.middle}^^^^L`,
    7: hl7Date(person.birth),
    8: person.sex === 'female' ? 'F' : 'M',
    11: `${escaped(person.street)}^^${escaped(person.city)}^^${person.postalCode}^USA^H`,
    13: phone,
    15: `${person.language.code}^${person.language.display}^ISO639`,
    16: person.maritalStatus,
  });
}

/** A clinician as XCN, with the staff number's authority. */
export function xcn(who: ClinicianKey): string {
  const person = clinicians[who];
  return `${person.number}^${escaped(person.family)}^${escaped(person.given)}^^^^^^NORTH&2.999.1.4&ISO^L^^^EI`;
}

/** The visit of a message; a discharge time is written only once it has come. */
export function pv1(chart: Chart, encounter: Encounter, discharged: boolean): string {
  const place = {
    office: 'CLINIC',
    telehealth: 'PHONE',
    emergency: 'ED',
    inpatient: `4W^${400 + (encounter.number % 30)}^A`,
    procedure: 'PROC',
  }[encounter.kind];
  return segment('PV1', {
    1: '1',
    2: encounterTypes[encounter.kind].hl7,
    3: encounter.kind === 'inpatient' ? `${place}^NORTH` : `${place}^^^NORTH`,
    4: encounter.kind === 'emergency' || (encounter.kind === 'inpatient' && encounter.who === 'hospital') ? 'E' : 'R',
    7: xcn(encounter.who),
    19: `${visitNumber(chart, encounter)}^^^NORTH&2.999.1.5&ISO^VN`,
    36: discharged ? '01' : undefined,
    44: hl7Time(encounter.start),
    45: discharged ? hl7Time(encounter.end) : undefined,
  });
}

/** Allergies as the registration desk knows them; nothing is sent where nothing was recorded. */
export function al1(chart: Chart): string {
  return chart.allergies
    .filter((entry) => entry.certainty !== 'refuted')
    .map((entry, index) => {
      if (entry.kind === 'none-known' || entry.allergen === undefined)
        return segment('AL1', { 1: String(index + 1), 3: '716186003^No known allergy^SCT' });
      const known = allergens[entry.allergen];
      const type = { medication: 'DA', environment: 'EA', food: 'FA' }[known.category];
      const code = `${known.code}^${escaped(known.display)}^${known.system.includes('snomed') ? 'SCT' : 'RXNORM'}`;
      const severity = entry.severity === undefined ? undefined : { mild: 'MI', moderate: 'MO', severe: 'SV' }[entry.severity];
      return segment('AL1', {
        1: String(index + 1),
        2: type,
        3: code,
        4: severity,
        5: entry.reaction ? reactions[entry.reaction].display : undefined,
      });
    })
    .join('');
}
