import { searchNames } from './search-query.ts';

/** FHIR R4 types that a chart is made of and that are served here; a type that is not listed is answered with 404. */
export const servedTypes: readonly string[] = [
  'AllergyIntolerance', 'Appointment', 'CarePlan', 'CareTeam', 'Claim', 'ClinicalImpression', 'Communication', 'Composition', 'Condition', 'Consent',
  'Coverage', 'Device', 'DeviceUseStatement', 'DiagnosticReport', 'DocumentReference', 'Encounter', 'EpisodeOfCare', 'ExplanationOfBenefit',
  'FamilyMemberHistory', 'Flag', 'Goal', 'ImagingStudy', 'Immunization', 'Location', 'Media', 'Medication', 'MedicationAdministration', 'MedicationDispense',
  'MedicationRequest', 'MedicationStatement', 'NutritionOrder', 'Observation', 'Organization', 'Patient', 'Practitioner', 'PractitionerRole', 'Procedure', 'Provenance', 'QuestionnaireResponse',
  'RelatedPerson', 'RiskAssessment', 'ServiceRequest', 'Specimen', 'SupplyDelivery', 'Task',
]; // biome-ignore format: one list, read as a list

/** The CapabilityStatement (FHIR R4 §3.1.0.8): what can be read and searched, and what a post is answered. */
export function capabilityStatement(options: { version: string; base: string; date: string }): Record<string, unknown> {
  const interaction = ['read', 'vread', 'history-instance', 'search-type', 'create'].map((code) => ({ code }));
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: options.date,
    kind: 'instance',
    software: { name: 'Countersign', version: options.version },
    implementation: { description: 'The record behind countersigned drafts', url: options.base },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json'],
    rest: [
      {
        mode: 'server',
        security: { description: 'Every read and write needs a caller: Authorization: Bearer. This statement alone is public.' },
        documentation:
          'A create is validated, kept and answered with an OperationOutcome: 201, or 422 with the path of each fault. A Bundle or NDJSON posted to the base is read entry by entry, whatever its type says, and answered the same way: it is neither a transaction nor a batch, deletes nothing and heeds no condition.',
        resource: servedTypes.map((type) => ({
          type,
          interaction,
          versioning: 'versioned',
          readHistory: true,
          updateCreate: false,
          conditionalCreate: false,
          conditionalRead: 'not-match',
          searchParam: searchNames(type),
        })),
      },
    ],
  };
}
