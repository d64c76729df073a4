import type { Chart, Fill } from './chart.ts';
import { SYSTEM } from './codes.ts';
import { at, isoTime } from './dates.ts';
import { counting } from './drugs.ts';
import { dosage, prescriptionNumber } from './fhir-clinical.ts';
import { concept, identifier, json, quantity } from './fhir-parts.ts';

/** The retail pharmacy's own records, one MedicationDispense a line. It knows the patient by medical record number only, as a logical reference. */
export function dispenseLines(chart: Chart): string[] {
  return chart.fills.map((fill) => json(dispense(chart, fill)));
}

function dispense(chart: Chart, fill: Fill): unknown {
  const { medication } = fill;
  const { drug } = medication;
  const prepared = at(fill.day, 9 + (fill.number % 8), (fill.number * 13) % 60);
  return {
    resourceType: 'MedicationDispense',
    id: `fill-${chart.person.mrn}-${fill.number}`,
    status: 'completed',
    medicationCodeableConcept: concept(SYSTEM.rxnorm, drug.rxnorm, drug.display),
    subject: { type: 'Patient', identifier: identifier(SYSTEM.mrn, chart.person.mrn, 'MR') },
    performer: [{ actor: { display: 'Cedar Hollow Pharmacy' } }],
    authorizingPrescription: [
      { type: 'MedicationRequest', identifier: { system: SYSTEM.prescription, value: prescriptionNumber(chart, medication) } },
    ],
    quantity: { value: fill.quantity, unit: counting(drug.form, fill.quantity) },
    daysSupply: quantity(String(fill.days), 'days', 'd'),
    whenPrepared: isoTime(prepared),
    whenHandedOver: isoTime(prepared + 35),
    dosageInstruction: [dosage(medication)],
  };
}
