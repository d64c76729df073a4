/** HL7 table 0396 names (and the spellings that feeds use) → the URI FHIR uses. One list, read as a list. */
const systems: ReadonlyMap<string, string> = new Map(
  Object.entries({
    LN: 'http://loinc.org',
    LOINC: 'http://loinc.org',
    SCT: 'http://snomed.info/sct',
    SNM: 'http://snomed.info/sct',
    SNOMED: 'http://snomed.info/sct',
    'SNOMED-CT': 'http://snomed.info/sct',
    'SNOMED CT': 'http://snomed.info/sct',
    SNOMEDCT: 'http://snomed.info/sct',
    I9: 'http://hl7.org/fhir/sid/icd-9-cm',
    I9C: 'http://hl7.org/fhir/sid/icd-9-cm',
    I9CDX: 'http://hl7.org/fhir/sid/icd-9-cm',
    ICD9: 'http://hl7.org/fhir/sid/icd-9-cm',
    'ICD-9-CM': 'http://hl7.org/fhir/sid/icd-9-cm',
    ICD10: 'http://hl7.org/fhir/sid/icd-10-cm',
    'ICD-10': 'http://hl7.org/fhir/sid/icd-10',
    I10: 'http://hl7.org/fhir/sid/icd-10-cm',
    I10C: 'http://hl7.org/fhir/sid/icd-10-cm',
    ICD10CM: 'http://hl7.org/fhir/sid/icd-10-cm',
    'ICD-10-CM': 'http://hl7.org/fhir/sid/icd-10-cm',
    'ICD-10CM': 'http://hl7.org/fhir/sid/icd-10-cm',
    I10P: 'http://www.cms.gov/Medicare/Coding/ICD10',
    RXNORM: 'http://www.nlm.nih.gov/research/umls/rxnorm',
    NDC: 'http://hl7.org/fhir/sid/ndc',
    CVX: 'http://hl7.org/fhir/sid/cvx',
    MVX: 'http://hl7.org/fhir/sid/mvx',
    C4: 'http://www.ama-assn.org/go/cpt',
    CPT: 'http://www.ama-assn.org/go/cpt',
    UCUM: 'http://unitsofmeasure.org',
    UNII: 'http://fdasis.nlm.nih.gov',
    NCIT: 'http://ncimeta.nci.nih.gov',
    CDCREC: 'urn:oid:2.16.840.1.113883.6.238',
  }),
);

/** A coding system by its name in a message; `known` is false where only this source knows what the codes mean. */
export function codingSystem(name: string, source: string, table?: string): { uri: string; known: boolean } {
  const upper = name.trim().toUpperCase();
  const uri = systems.get(upper);
  if (uri) return { uri, known: true };
  const hl7 = /^HL7-?(\d{4})$/.exec(upper);
  if (hl7) return { uri: v2Table(hl7[1]!), known: true };
  if (upper === '' && table) return { uri: v2Table(table), known: true };
  if (/^[0-2](\.\d+){3,}$/.test(upper)) return { uri: `urn:oid:${upper}`, known: true };
  if (upper === '' || upper === 'L' || upper === 'LOCAL') return { uri: `urn:countersign:local:${source}`, known: false };
  return { uri: `urn:countersign:local:${source}:${upper.replaceAll(/[^A-Z0-9._-]+/g, '-').toLowerCase()}`, known: false };
}

/** The code system of an HL7 v2 table. */
export function v2Table(number: string): string {
  return `http://terminology.hl7.org/CodeSystem/v2-${number}`;
}
