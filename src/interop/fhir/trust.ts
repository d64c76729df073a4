import type { Grade } from '../../core/fact.ts';
import { readUnit, sameUnit } from '../units/units.ts';
import type { ReadAtom } from './atom-emitters.ts';
import { isObject, type Json, type JsonObject, primitiveText } from './json.ts';

/** How far one fact may be trusted, and why not further. */
export type Trust = { grade: Grade; flags: string[] };

/** Flags that keep a fact away from models and claims. */
export const distrusted: ReadonlySet<string> = new Set([
  'zone-missing',
  'time-unreadable',
  'unit-missing',
  'unit-unknown',
  'unit-conflict',
  'modifier-extension',
  'implicit-rules',
]);

/** Types whose facts should say what they are about by a code. */
const coded: ReadonlySet<string> = new Set([
  'Observation',
  'DiagnosticReport',
  'Condition',
  'AllergyIntolerance',
  'MedicationRequest',
  'MedicationStatement',
  'MedicationDispense',
  'MedicationAdministration',
  'Medication',
  'Procedure',
  'Immunization',
  'ServiceRequest',
]);

/**
 * The trust grade of a resource (design part 3): A coded and complete; B where the code is missing, local or only words;
 * C where the patient or an outsider says so; D where a number has no readable unit, a time no zone, or the resource carries
 * a modifier extension or rules we do not know: FHIR R4 §2.4.0.1 forbids to use it as if they were not there.
 */
export function trustOf(resource: JsonObject, atoms: readonly ReadAtom[], timeFlags: readonly string[]): Trust {
  const flags = [...timeFlags];
  if (resource['modifierExtension'] !== undefined || hasModifierBelow(resource)) flags.push('modifier-extension');
  if (resource['implicitRules'] !== undefined) flags.push('implicit-rules');
  flags.push(...unitFlags(resource, atoms));
  const type = primitiveText(resource['resourceType']) ?? '';
  const uncoded = coded.has(type) && !atoms.some((atom) => atom.name === 'code' && isStandard(atom.system));
  if (uncoded) flags.push(atoms.some((atom) => atom.name === 'code') ? 'code-local' : 'code-missing');
  if (flags.some((flag) => distrusted.has(flag))) return { grade: 'D', flags };
  if (isReported(resource, type)) return { grade: 'C', flags };
  return { grade: uncoded ? 'B' : 'A', flags };
}

/** Modifier extensions of dosage, components and the like; contained resources carry their own. */
function hasModifierBelow(resource: JsonObject): boolean {
  for (const key of Object.keys(resource)) {
    if (key === 'contained' || key === 'extension') continue;
    const value = resource[key]!;
    for (const item of Array.isArray(value) ? value : [value]) if (isObject(item) && item['modifierExtension'] !== undefined) return true;
  }
  return false;
}

/** A measured number needs a unit that can be read, and one only: text and code that are two units say nothing. A count, a score or a ratio says so by a unit of its own. */
function unitFlags(resource: JsonObject, atoms: readonly ReadAtom[]): string[] {
  if (resource['resourceType'] !== 'Observation') return [];
  const flags = new Set<string>();
  for (const atom of atoms) {
    if (atom.name !== 'value' || !atom.path.endsWith('valueQuantity.value')) continue;
    const code = atoms.find((other) => other.name === 'unitCode' && other.component === atom.component);
    const words = unitBeside(atoms, atom);
    const unit = code ?? words;
    if (!unit) flags.add('unit-missing');
    else if (!readUnit(unit.text)) flags.add('unit-unknown');
    else if (words && readUnit(words.text) && !sameUnit(unit.text, words.text)) flags.add('unit-conflict');
  }
  return [...flags];
}

function unitBeside(atoms: readonly ReadAtom[], value: ReadAtom): ReadAtom | undefined {
  return atoms.find((other) => other.name === 'unit' && other.component === value.component);
}

function isStandard(system: string | undefined): boolean {
  return (
    system !== undefined &&
    (standard.has(system) || system.startsWith('http://terminology.hl7.org/') || system.startsWith('http://hl7.org/fhir/'))
  );
}

/** Code systems that mean the same everywhere. */
const standard: ReadonlySet<string> = new Set([
  'http://loinc.org',
  'http://snomed.info/sct',
  'http://www.nlm.nih.gov/research/umls/rxnorm',
  'http://unitsofmeasure.org',
  'http://www.ama-assn.org/go/cpt',
  'http://www.whocc.no/atc',
  'http://hl7.org/fhir/sid/icd-10',
  'urn:iso:std:iso:11073:10101',
  'urn:oid:2.16.840.1.113883.6.238',
  'http://fdasis.nlm.nih.gov',
  'http://www.genenames.org',
  'http://dicom.nema.org/resources/ontology/DCM',
]);

/** Said by the patient or a relative, not found by those who treat them. */
function isReported(resource: JsonObject, type: string): boolean {
  if (type === 'MedicationStatement') return pointsAtLay(resource['informationSource']);
  if (type === 'Observation' || type === 'QuestionnaireResponse') {
    return pointsAtLay(resource['performer']) || pointsAtLay(resource['author']) || pointsAtLay(resource['source']);
  }
  if (type === 'Condition' || type === 'AllergyIntolerance' || type === 'Procedure') return pointsAtLay(resource['asserter']);
  return type === 'Immunization' && resource['primarySource'] === false;
}

function pointsAtLay(value: Json | undefined): boolean {
  const references = value === undefined ? [] : Array.isArray(value) ? value : [value];
  return references.some((reference) => {
    if (!isObject(reference)) return false;
    return (
      /(^|\/)(Patient|RelatedPerson)[/?]/.test(primitiveText(reference['reference']) ?? '') ||
      /^(Patient|RelatedPerson)$/.test(primitiveText(reference['type']) ?? '')
    );
  });
}
