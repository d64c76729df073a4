/* What a hospital sends in the journeys. A test says what it cares about; the rest is of one made-up woman, her blood and her next visit. */

/** A potassium result over HL7 v2 (ORU^R01), taken on 20 November; `filler` is the laboratory's order, the same for each version of a result. */
export function potassium({
  mrn,
  value,
  status = 'F',
  flag = 'H',
  taken = '20261120061500-0600',
  reported = '20261120070000-0600',
  filler = 'NL1',
}: {
  mrn: string;
  value: string;
  status?: string;
  flag?: string;
  taken?: string;
  reported?: string;
  filler?: string;
}): string {
  return [
    `MSH|^~\\&|NORTHLAB|NORTH|COUNTERSIGN|NORTH|${reported}||ORU^R01^ORU_R01|${mrn}${filler}${status}${value}${reported}|P|2.5.1`,
    `PID|1||${mrn}^^^NORTH&2.999.1.1&ISO^MR||OSGOOD^LENORA^T||19550214|F`,
    `OBR|1||${filler}${mrn}^NORTHLAB|24320-4^Basic metabolic panel^LN|||${taken}|||||||||||||||${reported}|||${status === 'W' ? 'C' : status}`,
    `OBX|1|NM|2823-3^Potassium^LN||${value}|mmol/L|3.5-5.1|${flag}|||${status}|||${taken}`,
  ].join('\r');
}

/** The same woman and a visit as a FHIR Bundle; `name` tells several visits of hers apart. */
export function visit(
  mrn: string,
  {
    start = '2026-11-23T10:20:00-06:00',
    end = start,
    status = 'booked',
    name = '',
  }: { start?: string; end?: string; status?: string; name?: string } = {},
): string {
  const patient = {
    resourceType: 'Patient',
    id: `p${mrn}`,
    identifier: [{ system: 'urn:oid:2.999.1.1', value: mrn }],
    gender: 'female',
    birthDate: '1955-02-14',
  };
  const participant = [{ actor: { reference: `Patient/p${mrn}` }, status: 'accepted' }];
  const appointment = { resourceType: 'Appointment', id: `a${mrn}${name}`, status, start, end, participant };
  return JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry: [patient, appointment].map((resource) => ({ resource })) });
}
