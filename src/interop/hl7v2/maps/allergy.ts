/** Where AL1 (§3.4.6) and IAM (§3.4.7) keep the same things. */
export const allergyFields = {
  AL1: { type: 2, code: 3, severity: 4, reaction: 5, at: 6 },
  IAM: { type: 2, code: 3, severity: 4, reaction: 5, at: 11 },
} as const;

/** HL7 table 0127 → AllergyIntolerance.category. */
export const allergyCategory: { [code: string]: string } = {
  DA: 'medication',
  FA: 'food',
  EA: 'environment',
  PA: 'environment',
  AA: 'environment',
  LA: 'environment',
};

/** HL7 table 0128 → criticality; the severity of the reaction is what the word says. */
export const allergySeverity: {
  [code: string]: { criticality: 'high' | 'low' | 'unable-to-assess'; severity?: 'severe' | 'moderate' | 'mild' };
} = {
  SV: { criticality: 'high', severity: 'severe' },
  MO: { criticality: 'low', severity: 'moderate' },
  MI: { criticality: 'low', severity: 'mild' },
  U: { criticality: 'unable-to-assess' },
};
