/*
 * One table of drugs, so it stands in one file. `rxnorm` is an RxNorm concept: a clinical drug where one strength is meant, the ingredient
 * (abiraterone, capecitabine) where the prescription counts tablets. `dose` is what one unit holds, in `unit` (UCUM).
 */
export type Drug = {
  rxnorm: string;
  name: string;
  display: string;
  dose: number;
  unit: string;
  ucum: string;
  form: string;
  route: RouteKey;
};
export type RouteKey = 'oral' | 'inhaled' | 'subcutaneous' | 'intramuscular' | 'intravenous';

export const routes: Record<RouteKey, { snomed: string; display: string; words: string; verb: string }> = {
  oral: { snomed: '26643006', display: 'Oral', words: 'by mouth', verb: 'Take' },
  inhaled: { snomed: '447694001', display: 'Respiratory tract', words: '', verb: 'Inhale' },
  subcutaneous: { snomed: '34206005', display: 'Subcutaneous', words: 'under the skin', verb: 'Inject' },
  intramuscular: { snomed: '78421000', display: 'Intramuscular', words: 'into the muscle', verb: 'Inject' },
  intravenous: { snomed: '47625008', display: 'Intravenous', words: 'into a vein', verb: 'Infuse' },
};

export const drugs = {
  metformin500: tablet('861007', 'metformin', 500),
  metformin1000: tablet('861004', 'metformin', 1000),
  empagliflozin10: tablet('1545658', 'empagliflozin', 10),
  glargine: drug('311041', 'insulin glargine', 'insulin glargine 100 units/mL', 1, 'units', '[iU]', 'unit', 'subcutaneous'),
  lisinopril10: tablet('314076', 'lisinopril', 10),
  lisinopril20: tablet('314077', 'lisinopril', 20),
  losartan50: tablet('979492', 'losartan', 50),
  amlodipine5: tablet('197361', 'amlodipine', 5),
  amlodipine10: tablet('308135', 'amlodipine', 10),
  hydrochlorothiazide25: tablet('310798', 'hydrochlorothiazide', 25),
  atorvastatin20: tablet('617310', 'atorvastatin', 20),
  atorvastatin40: tablet('617311', 'atorvastatin', 40),
  aspirin81: tablet('243670', 'aspirin', 81),
  furosemide40: tablet('313988', 'furosemide', 40),
  spironolactone25: tablet('313096', 'spironolactone', 25),
  carvedilol6: tablet('200031', 'carvedilol', 6.25),
  carvedilol12: tablet('200032', 'carvedilol', 12.5),
  carvedilol25: tablet('200033', 'carvedilol', 25),
  sacubitril: drug('1656340', 'sacubitril-valsartan', 'sacubitril 24 mg / valsartan 26 mg tablet', 1, 'tablet', '{tbl}', 'tablet', 'oral'),
  apixaban5: tablet('1364445', 'apixaban', 5),
  apixaban2: tablet('1364435', 'apixaban', 2.5),
  metoprolol50: drug('866436', 'metoprolol succinate', 'metoprolol succinate 50 mg ER tablet', 50, 'mg', 'mg', 'tablet', 'oral'),
  sertraline50: tablet('312941', 'sertraline', 50),
  sertraline100: tablet('312938', 'sertraline', 100),
  fluoxetine20: capsule('310385', 'fluoxetine', 20),
  mirtazapine15: tablet('311725', 'mirtazapine', 15),
  albuterol: drug('745679', 'albuterol HFA', 'albuterol 90 mcg inhaler', 1, 'puff', '{puff}', 'puff', 'inhaled'),
  tiotropium: drug('580261', 'tiotropium', 'tiotropium 18 mcg inhalation capsule', 18, 'mcg', 'ug', 'capsule', 'inhaled'),
  fluticasoneSalmeterol: drug(
    '896209',
    'fluticasone-salmeterol',
    'fluticasone 250 mcg / salmeterol 50 mcg inhaler',
    1,
    'puff',
    '{puff}',
    'puff',
    'inhaled',
  ),
  fluticasone44: drug('895994', 'fluticasone HFA', 'fluticasone 44 mcg inhaler', 1, 'puff', '{puff}', 'puff', 'inhaled'),
  prednisone20: tablet('312615', 'prednisone', 20),
  prednisone5: tablet('312617', 'prednisone', 5),
  azithromycin250: tablet('308460', 'azithromycin', 250),
  amoxicillin500: capsule('308191', 'amoxicillin', 500),
  amoxicillinLiquid: drug('308189', 'amoxicillin', 'amoxicillin 400 mg/5 mL suspension', 80, 'mg', 'mg', 'mL', 'oral'),
  azithromycinLiquid: drug('141963', 'azithromycin', 'azithromycin 200 mg/5 mL suspension', 40, 'mg', 'mg', 'mL', 'oral'),
  cephalexin500: capsule('309114', 'cephalexin', 500),
  cetirizine5: tablet('1014676', 'cetirizine', 5),
  levothyroxine50: drug('966222', 'levothyroxine', 'levothyroxine 50 mcg tablet', 50, 'mcg', 'ug', 'tablet', 'oral'),
  donepezil10: tablet('997223', 'donepezil', 10),
  alendronate10: tablet('904419', 'alendronate', 10),
  omeprazole20: capsule('198051', 'omeprazole', 20),
  gabapentin300: capsule('310431', 'gabapentin', 300),
  acetaminophen500: tablet('198440', 'acetaminophen', 500),
  ibuprofen200: tablet('310965', 'ibuprofen', 200),
  naproxen220: tablet('849574', 'naproxen', 220),
  oxycodone5: tablet('1049621', 'oxycodone', 5),
  enoxaparin40: drug('854235', 'enoxaparin', 'enoxaparin 40 mg syringe', 40, 'mg', 'mg', 'syringe', 'subcutaneous'),
  tamsulosin: capsule('863669', 'tamsulosin', 0.4),
  leuprolide: drug('752899', 'leuprolide', 'leuprolide 7.5 mg syringe', 7.5, 'mg', 'mg', 'syringe', 'subcutaneous'),
  abiraterone250: tablet('1100072', 'abiraterone', 250),
  docetaxel: drug('1860480', 'docetaxel', 'docetaxel 20 mg/mL injection', 1, 'mg', 'mg', 'mg', 'intravenous'),
  anastrozole1: tablet('199224', 'anastrozole', 1),
  capecitabine500: tablet('194000', 'capecitabine', 500),
  oxaliplatin: drug('1736776', 'oxaliplatin', 'oxaliplatin 50 mg injection', 1, 'mg', 'mg', 'mg', 'intravenous'),
  ondansetron4: tablet('198052', 'ondansetron', 4),
  ferrousSulfate325: tablet('310325', 'ferrous sulfate', 325),
  labetalol100: tablet('896758', 'labetalol', 100),
  folicAcid1: tablet('310410', 'folic acid', 1),
  warfarin5: tablet('855332', 'warfarin', 5),
} as const satisfies Record<string, Drug>;
export type DrugKey = keyof typeof drugs;

export type FrequencyKey =
  | 'daily'
  | 'bedtime'
  | 'morning'
  | 'twice'
  | 'three'
  | 'six'
  | 'eight'
  | 'monthly'
  | 'threeWeekly'
  | 'weekly'
  | 'once';
export const frequencies: Record<
  FrequencyKey,
  { words: string; frequency: number; period: number; periodUnit: string; perDay: number; short: string }
> = {
  daily: { words: 'once daily', frequency: 1, period: 1, periodUnit: 'd', perDay: 1, short: 'daily' },
  morning: { words: 'once daily in the morning', frequency: 1, period: 1, periodUnit: 'd', perDay: 1, short: 'qAM' },
  bedtime: { words: 'once daily at bedtime', frequency: 1, period: 1, periodUnit: 'd', perDay: 1, short: 'qHS' },
  twice: { words: 'twice daily', frequency: 2, period: 1, periodUnit: 'd', perDay: 2, short: 'BID' },
  three: { words: 'three times daily', frequency: 3, period: 1, periodUnit: 'd', perDay: 3, short: 'TID' },
  six: { words: 'every 6 hours', frequency: 1, period: 6, periodUnit: 'h', perDay: 4, short: 'q6h' },
  eight: { words: 'every 8 hours', frequency: 1, period: 8, periodUnit: 'h', perDay: 3, short: 'q8h' },
  weekly: { words: 'once weekly', frequency: 1, period: 1, periodUnit: 'wk', perDay: 1 / 7, short: 'weekly' },
  threeWeekly: { words: 'every 3 weeks', frequency: 1, period: 3, periodUnit: 'wk', perDay: 1 / 21, short: 'q3wk' },
  monthly: { words: 'every 4 weeks', frequency: 1, period: 4, periodUnit: 'wk', perDay: 1 / 28, short: 'q4wk' },
  once: { words: 'once', frequency: 1, period: 1, periodUnit: 'd', perDay: 1, short: 'x1' },
};

/** A unit that is counted takes its plural, as in "2 puffs"; a measure such as mg or mL never does. */
export function counting(unit: string, count: number): string {
  return count === 1 || count === 0.5 || unit.endsWith('s') || !countable.has(unit) ? unit : `${unit}s`;
}

const countable = new Set(['tablet', 'capsule', 'puff', 'syringe', 'unit']);

/** What a pharmacy hands over for so many days, where the order does not say; an inhaler used as needed is one device of 200 puffs. */
export function supplied(order: {
  drug: Drug;
  units: number;
  frequency: FrequencyKey;
  asNeeded?: string | undefined;
  supplyDays: number;
  quantity?: number | undefined;
}): number {
  if (order.quantity !== undefined) return order.quantity;
  if (order.drug.form === 'puff' && order.asNeeded !== undefined) return 200;
  return Math.max(1, Math.round(order.units * frequencies[order.frequency].perDay * order.supplyDays));
}

function tablet(rxnorm: string, name: string, milligrams: number): Drug {
  return drug(rxnorm, name, `${name} ${milligrams} mg tablet`, milligrams, 'mg', 'mg', 'tablet', 'oral');
}

function capsule(rxnorm: string, name: string, milligrams: number): Drug {
  return drug(rxnorm, name, `${name} ${milligrams} mg capsule`, milligrams, 'mg', 'mg', 'capsule', 'oral');
}

function drug(
  rxnorm: string,
  name: string,
  display: string,
  dose: number,
  unit: string,
  ucum: string,
  form: string,
  route: RouteKey,
): Drug {
  return { rxnorm, name, display, dose, unit, ucum, form, route };
}
