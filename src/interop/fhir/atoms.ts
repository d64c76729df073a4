import { coded, type ReadAtom, readElements } from './atom-emitters.ts';
import { rulesOf } from './atom-rules.ts';
import { isObject, type Json, primitiveText } from './json.ts';

/**
 * The atoms of a FHIR R4 resource, in the order the source wrote them; texts as written, numbers included.
 *
 * A CodeableConcept gives its words first (`text`, then each coding's display) and then each code with its system.
 * `component` numbers Observation.component, dosageInstruction where there is more than one (so that no dose of one is ever
 * read with the frequency of another), FamilyMemberHistory.condition and CarePlan.activity.
 * The decoded text of a text attachment is a `note` atom whose path ends in `.data`.
 * Elements without a name in `atomNames` stay in the content and are reported as kept but unmapped.
 */
export function readAtoms(resource: Json): ReadAtom[] {
  if (!isObject(resource)) return [];
  const type = primitiveText(resource['resourceType']) ?? '';
  const atoms: ReadAtom[] = [];
  readElements(resource, '', rulesOf(type), { atoms, component: undefined, resource });
  return atoms;
}

/** The atoms of a CodeableConcept standing at `path`: used for a medication that stands in another resource. */
export function conceptAtoms(concept: Json, path: string): ReadAtom[] {
  const atoms: ReadAtom[] = [];
  coded(concept, path, { atoms, component: undefined, resource: {} });
  return atoms;
}
