/**
 * Units as laboratories and devices write them, with the UCUM unit they mean. They come before UCUM's own reading, because some of them
 * are UCUM for something else: K/uL would be kelvin, MG/DL megagauss, F farad, C coulomb.
 * Sources: LOINC Users' Guide, table of common units (EXAMPLE_UCUM_UNITS); HL7 v2.5.1 table 0396 note on ISO+ (giga.l-1, tera.l-1);
 * ISMP List of Error-Prone Abbreviations (mcg, cc, IU); UCUM §31 on annotations in braces.
 * What could mean two things (G/L: gram or giga) stands in no row and is refused.
 */
const rows: Record<string, string> = {
  // counts
  '10*3/uL':
    'K/uL K/mcL K/mm3 K/cumm k/ul thou/uL THOU/uL thou/mm3 Thousand/uL x10E3/uL X10E3/UL x10e3/ul 10E3/uL 10e3/uL 10^3/uL 10^3/ul x10^3/uL X10^3/uL x10(3)/uL 10(3)/uL x10*3/uL 10*3/ul 10*3/UL 10*3/mm3 10^3/mm3 x10-3/uL',
  '10*6/uL':
    'M/uL M/mcL M/mm3 mil/uL MIL/uL Million/uL x10E6/uL X10E6/UL x10e6/ul 10E6/uL 10e6/uL 10^6/uL 10^6/ul x10^6/uL X10^6/uL x10(6)/uL 10(6)/uL x10*6/uL 10*6/ul 10*6/UL 10^6/mm3',
  '10*9/L': 'giga.l-1 giga/L x10E9/L 10E9/L 10e9/L x10e9/L 10^9/L 10^9/l x10^9/L X10^9/L x10(9)/L 10*9/l 10*9/L Giga/L',
  '10*12/L': 'tera.l-1 tera/L x10E12/L 10E12/L 10e12/L 10^12/L 10^12/l x10^12/L X10^12/L x10(12)/L 10*12/l Tera/L',
  '/uL': '/ul /mcL /cumm /mm3 cells/uL cells/ul cells/mcL cells/cumm {Cells}/uL /UL',
  '/[HPF]': '/hpf /HPF per_hpf #/hpf',
  '/[LPF]': '/lpf /LPF #/lpf',
  '{copies}/mL': 'copies/mL copies/ml COPIES/ML cp/mL',
  '[CFU]/mL': 'cfu/mL CFU/mL CFU/ml',
  // mass and substance concentration
  'mg/dL': 'MG/DL Mg/dL mgs/dL mg/100mL mg% mg/dl mg.dl-1',
  'g/dL': 'GM/DL G/DL gm/dl gm/dL Gm/dL g/dl g% gms/dL',
  'g/L': 'gm/L g/l g.l-1 gm/l',
  'mg/L': 'MG/L mg/l mg.l-1',
  'ug/dL': 'mcg/dL mcg/dl UG/DL ug/dl',
  'ug/mL': 'mcg/mL mcg/ml UG/ML ug/ml',
  'ug/L': 'mcg/L mcg/l UG/L ug/l',
  'ng/mL': 'NG/ML ng/ml',
  'ng/dL': 'NG/DL ng/dl',
  'pg/mL': 'PG/ML pg/ml',
  'mg/g{creat}': 'mg/g_creat mg/gcreat mg/gCr mg/g_Cr',
  'ug/mg{creat}': 'mcg/mg_creat ug/mg_creat mcg/mg_Cr',
  'mmol/L': 'MMOL/L mmol/l mMol/L mmol.l-1 mM/L',
  'umol/L': 'UMOL/L umol/l umol.l-1 mcmol/L',
  'nmol/L': 'NMOL/L nmol/l',
  'pmol/L': 'PMOL/L pmol/l',
  'mmol/mol': 'MMOL/MOL',
  'meq/L': 'mEq/L MEQ/L mEq/l meq/l',
  'mosm/kg': 'mOsm/kg MOSM/KG mOsmol/kg mosmol/kg',
  // arbitrary and enzyme units
  'U/L': 'U/l u/L u/l UNITS/L units/L',
  '[iU]/L': 'IU/L IU/l iu/L iu/l',
  '[iU]/mL': 'IU/mL IU/ml IU/ML iu/mL',
  'm[iU]/L': 'mIU/L mIU/l MIU/L mU/L',
  'm[iU]/mL': 'mIU/mL mIU/ml MIU/ML mU/mL',
  'u[iU]/mL': 'uIU/mL uIU/ml UIU/ML mcIU/mL uU/mL',
  '[iU]': 'IU iu int._unit international_unit international_units',
  // haematology, clotting, gas
  fL: 'FL fl um3 cu_microns',
  pg: 'PG pgm picograms',
  '%': 'percent pct % PERCENT',
  s: 'sec secs second seconds SEC SECONDS',
  '{INR}': 'INR inr',
  '{ratio}': 'ratio RATIO Ratio',
  '[pH]': 'pH PH ph',
  'mm/h': 'mm/hr MM/HR mm/1hr mm/hour',
  // kidney, flow, pressure, rate
  'mL/min/{1.73_m2}':
    'mL/min/1.73m2 mL/min/1.73_m2 mL/min/1.73m^2 ml/min/1.73m2 mL/min/{1.73m2} mL/min/1.73 mL/min/1.73sqm ML/MIN/1.73M2 mL/min/1.73m² mL/min/1.73_m² ml/min/1.73_m2',
  'mL/min': 'ML/MIN ml/min',
  'mL/h': 'mL/hr ml/hr ml/h ML/HR',
  'L/min': 'LPM lpm l/min L/MIN',
  'mm[Hg]': 'mmHg mmhg MMHG mm_Hg mm(Hg) Torr torr',
  'cm[H2O]': 'cmH2O cm_H2O cmh2o',
  '/min': 'bpm BPM beats/min beats/minute breaths/min breaths/minute {beats}/min {breaths}/min /minute per_minute {Beats}/min',
  // body
  'kg/m2': 'kg/m^2 kg/m² KG/M2 kg/sqm',
  kg: 'KG Kg kgs kilogram kilograms',
  '[lb_av]': 'lb lbs LB LBS pound pounds',
  '[oz_av]': 'oz OZ ounce ounces',
  '[in_i]': 'in IN inch inches in.',
  '[ft_i]': 'ft FT foot feet',
  cm: 'CM centimeter centimeters centimetre',
  m2: 'm^2 m² sqm M2',
  Cel: 'C °C degC deg_C DegC celsius Celsius',
  '[degF]': 'F °F degF deg_F DegF fahrenheit Fahrenheit',
  // dose
  mg: 'MG Mg mgs milligram milligrams',
  g: 'gm GM gms gram grams G',
  ug: 'mcg MCG mcgs microgram micrograms',
  mL: 'ML cc CC ml milliliter milliliters millilitre mls',
  L: 'l liter liters litre',
  meq: 'mEq MEQ',
  '{unit}': 'unit units UNIT UNITS Units Unit',
  '{tablet}': 'tablet tablets TABLET tab tabs TAB Tablet {tbl}',
  '{capsule}': 'capsule capsules CAPSULE cap caps CAP Capsule',
  '{puff}': 'puff puffs PUFF inhalation inhalations Puff',
  '{drop}': 'drop drops DROP gtt gtts',
  '{patch}': 'patch patches PATCH',
  '{spray}': 'spray sprays SPRAY actuation actuations',
  '{dose}': 'dose doses DOSE',
  '{application}': 'application applications',
  '{suppository}': 'suppository suppositories',
  '{pack}': 'pack packs pack_year pack_years',
  '{score}': 'score (score) points point SCORE',
  // time
  min: 'minute minutes mins MIN',
  h: 'hr hrs hour hours HR',
  d: 'day days DAY',
  wk: 'week weeks WK',
  mo: 'month months MO',
  a: 'yr yrs year years Year YR',
};

/** Written form (blanks as `_`) → UCUM. */
export const synonyms: ReadonlyMap<string, string> = new Map(
  Object.entries(rows).flatMap(([ucum, written]) => written.split(' ').map((one) => [one, ucum] as const)),
);

/** Written forms that stand for two different units: refused rather than guessed. */
export const ambiguous: ReadonlySet<string> = new Set(['G/L', 'M', 'K', 'P', 'T', 'B', 'R', 'Gm/L']);
