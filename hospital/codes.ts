/*
 * One table of codes, so it stands in one file. Codes are facts from LOINC, SNOMED CT, ICD-10-CM, RxNorm, CVX, UCUM and HL7;
 * the names beside them are short and our own. Sources: the public code sets of each body; prostate and staging codes as used by
 * mCODE STU4 (CC0); v2-0074, v2-0203, v2-0276, v3-ActCode, v3-RoleCode and condition/allergy status from terminology.hl7.org.
 */
export const SYSTEM = {
  loinc: 'http://loinc.org',
  snomed: 'http://snomed.info/sct',
  icd10: 'http://hl7.org/fhir/sid/icd-10-cm',
  rxnorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  ucum: 'http://unitsofmeasure.org',
  cvx: 'http://hl7.org/fhir/sid/cvx',
  v2: 'http://terminology.hl7.org/CodeSystem/v2-',
  v3: 'http://terminology.hl7.org/CodeSystem/v3-',
  hl7: 'http://terminology.hl7.org/CodeSystem/',
  /** Authorities of this hospital, below the OID arc that is reserved for examples (2.999). */
  mrn: 'urn:oid:2.999.1.1',
  placer: 'urn:oid:2.999.1.2',
  filler: 'urn:oid:2.999.1.3',
  staff: 'urn:oid:2.999.1.4',
  visit: 'urn:oid:2.999.1.5',
  prescription: 'urn:oid:2.999.1.6',
} as const;

export type Problem = { snomed: string; display: string; icd10: string };
export type Site = { snomed: string; display: string };

export const problems = {
  type2Diabetes: { snomed: '44054006', display: 'Type 2 diabetes mellitus', icd10: 'E11.9' },
  prediabetes: { snomed: '15777000', display: 'Prediabetes', icd10: 'R73.03' },
  diabeticNeuropathy: { snomed: '368581000119106', display: 'Neuropathy due to type 2 diabetes', icd10: 'E11.40' },
  diabeticRetinopathy: { snomed: '1551000119108', display: 'Nonproliferative retinopathy due to type 2 diabetes', icd10: 'E11.3299' },
  hypertension: { snomed: '59621000', display: 'Essential hypertension', icd10: 'I10' },
  hyperlipidemia: { snomed: '55822004', display: 'Hyperlipidemia', icd10: 'E78.5' },
  obesity: { snomed: '414916001', display: 'Obesity', icd10: 'E66.9' },
  heartFailure: { snomed: '703272007', display: 'Heart failure with reduced ejection fraction', icd10: 'I50.22' },
  coronaryDisease: { snomed: '53741008', display: 'Coronary artery disease', icd10: 'I25.10' },
  atrialFibrillation: { snomed: '49436004', display: 'Atrial fibrillation', icd10: 'I48.91' },
  ckd3a: { snomed: '700378005', display: 'Chronic kidney disease stage 3a', icd10: 'N18.31' },
  ckd3b: { snomed: '700379002', display: 'Chronic kidney disease stage 3b', icd10: 'N18.32' },
  ckd4: { snomed: '431857002', display: 'Chronic kidney disease stage 4', icd10: 'N18.4' },
  hyperkalemia: { snomed: '14140009', display: 'Hyperkalemia', icd10: 'E87.5' },
  anemia: { snomed: '271737000', display: 'Anemia', icd10: 'D64.9' },
  ironDeficiencyAnemia: { snomed: '87522002', display: 'Iron deficiency anemia', icd10: 'D50.9' },
  copd: { snomed: '13645005', display: 'Chronic obstructive pulmonary disease', icd10: 'J44.9' },
  copdExacerbation: { snomed: '195951007', display: 'Acute exacerbation of COPD', icd10: 'J44.1' },
  pneumonia: { snomed: '233604007', display: 'Pneumonia', icd10: 'J18.9' },
  asthma: { snomed: '195967001', display: 'Asthma', icd10: 'J45.30' },
  otitisMedia: { snomed: '3110003', display: 'Acute otitis media', icd10: 'H66.90' },
  pharyngitis: { snomed: '43878008', display: 'Streptococcal sore throat', icd10: 'J02.0' },
  eczema: { snomed: '24079001', display: 'Atopic dermatitis', icd10: 'L20.9' },
  allergicRhinitis: { snomed: '61582004', display: 'Allergic rhinitis', icd10: 'J30.9' },
  bronchiolitis: { snomed: '4120002', display: 'Bronchiolitis', icd10: 'J21.9' },
  depression: { snomed: '370143000', display: 'Major depressive disorder', icd10: 'F33.1' },
  anxiety: { snomed: '21897009', display: 'Generalized anxiety disorder', icd10: 'F41.1' },
  insomnia: { snomed: '193462001', display: 'Insomnia', icd10: 'G47.00' },
  pregnancy: { snomed: '77386006', display: 'Pregnancy', icd10: 'Z33.1' },
  gestationalDiabetes: { snomed: '11687002', display: 'Gestational diabetes mellitus', icd10: 'O24.419' },
  gestationalHypertension: { snomed: '48194001', display: 'Gestational hypertension', icd10: 'O13.9' },
  hyperemesis: { snomed: '90325002', display: 'Nausea and vomiting of pregnancy', icd10: 'O21.0' },
  hipArthritis: { snomed: '239872002', display: 'Osteoarthritis of hip', icd10: 'M16.9' },
  kneeArthritis: { snomed: '239873007', display: 'Osteoarthritis of knee', icd10: 'M17.9' },
  osteoporosis: { snomed: '64859006', display: 'Osteoporosis', icd10: 'M81.0' },
  hypothyroidism: { snomed: '40930008', display: 'Hypothyroidism', icd10: 'E03.9' },
  alzheimer: { snomed: '26929004', display: "Alzheimer's disease", icd10: 'G30.9' },
  mildCognitiveImpairment: { snomed: '386805003', display: 'Mild cognitive impairment', icd10: 'G31.84' },
  reflux: { snomed: '235595009', display: 'Gastroesophageal reflux disease', icd10: 'K21.9' },
  fall: { snomed: '1912002', display: 'Fall', icd10: 'W19.XXXA' },
  colonPolyp: { snomed: '68496003', display: 'Polyp of colon', icd10: 'K63.5' },
  breastCancer: { snomed: '254837009', display: 'Malignant neoplasm of breast', icd10: 'C50.919' },
  colonCancer: { snomed: '363406005', display: 'Malignant neoplasm of colon', icd10: 'C18.9' },
  chemotherapyNausea: { snomed: '16932000', display: 'Nausea and vomiting', icd10: 'R11.2' },
  neutropenia: { snomed: '165517008', display: 'Neutropenia', icd10: 'D70.1' },
  prostateCancer: { snomed: '399068003', display: 'Malignant neoplasm of prostate', icd10: 'C61' },
  boneMetastasis: { snomed: '94222008', display: 'Secondary malignant neoplasm of bone', icd10: 'C79.51' },
  prostateEnlargement: { snomed: '266569009', display: 'Benign prostatic hyperplasia', icd10: 'N40.1' },
  erectileDysfunction: { snomed: '860914002', display: 'Erectile dysfunction', icd10: 'N52.31' },
  stressIncontinence: { snomed: '22220005', display: 'Stress incontinence', icd10: 'N39.3' },
  hotFlashes: { snomed: '238810007', display: 'Flushing', icd10: 'R23.2' },
  urinaryInfection: { snomed: '68566005', display: 'Urinary tract infection', icd10: 'N39.0' },
  cellulitis: { snomed: '128045006', display: 'Cellulitis', icd10: 'L03.90' },
  backPain: { snomed: '278860009', display: 'Chronic low back pain', icd10: 'M54.50' },
  upperRespiratory: { snomed: '54150009', display: 'Upper respiratory infection', icd10: 'J06.9' },
  ankleSprain: { snomed: '44465007', display: 'Sprain of ankle', icd10: 'S93.409A' },
  pulmonaryEmbolism: { snomed: '59282003', display: 'Pulmonary embolism', icd10: 'I26.99' },
  gout: { snomed: '90560007', display: 'Gout', icd10: 'M10.9' },
} as const satisfies Record<string, Problem>;
export type ProblemKey = keyof typeof problems;

export const sites = {
  rightHip: { snomed: '287579007', display: 'Right hip' },
  leftHip: { snomed: '287679003', display: 'Left hip' },
  rightKnee: { snomed: '6757004', display: 'Right knee' },
  leftKnee: { snomed: '82169009', display: 'Left knee' },
  rightBreast: { snomed: '73056007', display: 'Right breast' },
  leftBreast: { snomed: '80248007', display: 'Left breast' },
  prostate: { snomed: '41216001', display: 'Prostate' },
  colon: { snomed: '71854001', display: 'Colon' },
  rightEar: { snomed: '25577004', display: 'Right ear' },
  leftEar: { snomed: '89644007', display: 'Left ear' },
  leftArm: { snomed: '368208006', display: 'Left upper arm' },
  rightArm: { snomed: '368209003', display: 'Right upper arm' },
} as const satisfies Record<string, Site>;
export type SiteKey = keyof typeof sites;

export const procedures = {
  hipReplacement: { snomed: '52734007', display: 'Total hip replacement' },
  kneeReplacement: { snomed: '609588000', display: 'Total knee replacement' },
  prostateBiopsy: { snomed: '65575008', display: 'Biopsy of prostate' },
  prostateMri: { snomed: '719178004', display: 'Multiparametric MRI of prostate' },
  radicalProstatectomy: { snomed: '26294005', display: 'Radical prostatectomy' },
  colonoscopy: { snomed: '73761001', display: 'Colonoscopy' },
  polypectomy: { snomed: '82035006', display: 'Resection of polyp' },
  lumpectomy: { snomed: '392021009', display: 'Lumpectomy of breast' },
  breastBiopsy: { snomed: '122548005', display: 'Biopsy of breast' },
  sentinelNode: { snomed: '396487001', display: 'Sentinel lymph node biopsy' },
  colectomy: { snomed: '43075005', display: 'Partial resection of colon' },
  chemotherapy: { snomed: '367336001', display: 'Chemotherapy' },
  radiotherapy: { snomed: '1217123003', display: 'Radiotherapy course' },
  spirometry: { snomed: '127783003', display: 'Spirometry' },
  echocardiogram: { snomed: '40701008', display: 'Echocardiography' },
  retinalExam: { snomed: '134395001', display: 'Diabetic retinopathy screening' },
  footExam: { snomed: '401191002', display: 'Diabetic foot examination' },
} as const satisfies Record<string, Site>;
export type ProcedureKey = keyof typeof procedures;

export const imaging = {
  chestXray: { loinc: '36643-5', display: 'Chest X-ray, 2 views' },
  mammogram: { loinc: '24606-6', display: 'Screening mammogram' },
  hipXray: { loinc: '24762-7', display: 'Hip X-ray' },
  kneeXray: { loinc: '24806-2', display: 'Knee X-ray' },
  echocardiogram: { loinc: '34552-0', display: 'Echocardiogram' },
  dexa: { loinc: '38265-5', display: 'Bone density scan' },
  prostateMri: { loinc: '30675-3', display: 'MRI of prostate' },
  boneScan: { loinc: '25031-6', display: 'Bone scan' },
  chestCt: { loinc: '24627-2', display: 'CT of chest' },
  abdomenCt: { loinc: '72254-6', display: 'CT of chest, abdomen and pelvis' },
  fetalUltrasound: { loinc: '11525-3', display: 'Fetal ultrasound' },
  renalUltrasound: { loinc: '38036-0', display: 'Renal ultrasound' },
  headCt: { loinc: '24725-4', display: 'CT of head' },
  breastMri: { loinc: '30794-2', display: 'MRI of breast' },
  petScan: { loinc: '44139-4', display: 'PET, whole body' },
} as const satisfies Record<string, { loinc: string; display: string }>;
export type ImagingKey = keyof typeof imaging;

/** What an order asks for; `text` says it more closely than the code does. */
export type Ordered = { system: string; code: string; display: string; text?: string };

/** An imaging study as an order names it. */
export function study(key: ImagingKey): Ordered {
  return { system: SYSTEM.loinc, code: imaging[key].loinc, display: imaging[key].display };
}

/** A referral: SNOMED CT's general code, and in words to whom. */
export function referral(to: string): Ordered {
  return { system: SYSTEM.snomed, code: '306206005', display: 'Referral to service', text: to };
}

/** Vaccines by CVX; `route` is how each is given (v3 RouteOfAdministration), as its US label says. */
export const vaccines = {
  influenza: { cvx: '150', display: 'Influenza, injectable, quadrivalent', route: 'IM' },
  influenzaTrivalent: { cvx: '140', display: 'Influenza, injectable, trivalent', route: 'IM' },
  influenzaHighDose: { cvx: '197', display: 'Influenza, high dose, quadrivalent', route: 'IM' },
  influenzaHighDoseTrivalent: { cvx: '135', display: 'Influenza, high dose, trivalent', route: 'IM' },
  covid: { cvx: '309', display: 'COVID-19 mRNA', route: 'IM' },
  pneumococcal20: { cvx: '216', display: 'Pneumococcal conjugate PCV20', route: 'IM' },
  pneumococcal13: { cvx: '133', display: 'Pneumococcal conjugate PCV13', route: 'IM' },
  tdap: { cvx: '115', display: 'Tdap', route: 'IM' },
  zoster: { cvx: '187', display: 'Zoster, recombinant', route: 'IM' },
  dtap: { cvx: '20', display: 'DTaP', route: 'IM' },
  polio: { cvx: '10', display: 'Polio, inactivated', route: 'IM' },
  mmr: { cvx: '03', display: 'MMR', route: 'SQ' },
  varicella: { cvx: '21', display: 'Varicella', route: 'SQ' },
  hepatitisB: { cvx: '08', display: 'Hepatitis B, child', route: 'IM' },
  hib: { cvx: '49', display: 'Hib', route: 'IM' },
  rotavirus: { cvx: '119', display: 'Rotavirus, monovalent', route: 'PO' },
  hepatitisA: { cvx: '83', display: 'Hepatitis A, child', route: 'IM' },
} as const satisfies Record<string, { cvx: string; display: string; route: 'IM' | 'SQ' | 'PO' }>;
export type VaccineKey = keyof typeof vaccines;

export const encounterTypes = {
  office: { snomed: '185349003', display: 'Office visit', class: 'AMB', hl7: 'O' },
  telehealth: { snomed: '185317003', display: 'Telephone encounter', class: 'VR', hl7: 'O' },
  emergency: { snomed: '50849002', display: 'Emergency department visit', class: 'EMER', hl7: 'E' },
  inpatient: { snomed: '32485007', display: 'Hospital admission', class: 'IMP', hl7: 'I' },
  procedure: { snomed: '308335008', display: 'Procedure visit', class: 'AMB', hl7: 'O' },
} as const;
export type EncounterKind = keyof typeof encounterTypes;

export const relatives = {
  mother: { code: 'MTH', display: 'mother' },
  father: { code: 'FTH', display: 'father' },
  brother: { code: 'BRO', display: 'brother' },
  sister: { code: 'SIS', display: 'sister' },
  maternalGrandmother: { code: 'MGRMTH', display: 'maternal grandmother' },
  paternalGrandfather: { code: 'PGRFTH', display: 'paternal grandfather' },
  maternalAunt: { code: 'MAUNT', display: 'maternal aunt' },
  paternalUncle: { code: 'PUNCLE', display: 'paternal uncle' },
} as const;
export type RelativeKey = keyof typeof relatives;

/** What runs in families, by the names that a relative's entry carries. */
export const familyProblems = {
  diabetes: { snomed: '44054006', display: 'Type 2 diabetes mellitus' },
  breastCancer: { snomed: '254837009', display: 'Malignant neoplasm of breast' },
  colonCancer: { snomed: '363406005', display: 'Malignant neoplasm of colon' },
  prostateCancer: { snomed: '399068003', display: 'Malignant neoplasm of prostate' },
  heartAttack: { snomed: '22298006', display: 'Myocardial infarction' },
  stroke: { snomed: '230690007', display: 'Stroke' },
  hypertension: { snomed: '38341003', display: 'Hypertension' },
  depression: { snomed: '370143000', display: 'Major depressive disorder' },
  asthma: { snomed: '195967001', display: 'Asthma' },
  kidneyFailure: { snomed: '46177005', display: 'End-stage renal disease' },
  alzheimer: { snomed: '26929004', display: "Alzheimer's disease" },
  preeclampsia: { snomed: '398254007', display: 'Pre-eclampsia' },
  lungCancer: { snomed: '363358000', display: 'Malignant neoplasm of lung' },
} as const satisfies Record<string, Site>;
export type FamilyProblemKey = keyof typeof familyProblems;

export const allergens = {
  penicillin: { system: SYSTEM.snomed, code: '91936005', display: 'Allergy to penicillin', short: 'penicillin', category: 'medication' },
  sulfonamide: { system: SYSTEM.snomed, code: '91939003', display: 'Allergy to sulfonamide', short: 'sulfa', category: 'medication' },
  latex: { system: SYSTEM.snomed, code: '300916003', display: 'Latex allergy', short: 'latex', category: 'environment' },
  shellfish: { system: SYSTEM.snomed, code: '300913006', display: 'Shellfish allergy', short: 'shellfish', category: 'food' },
  codeine: { system: SYSTEM.rxnorm, code: '2670', display: 'Codeine', short: 'codeine', category: 'medication' },
} as const;
export type AllergenKey = keyof typeof allergens;

export const reactions = {
  hives: { snomed: '126485001', display: 'Hives' },
  rash: { snomed: '271807003', display: 'Rash' },
  anaphylaxis: { snomed: '39579001', display: 'Anaphylaxis' },
  nausea: { snomed: '422587007', display: 'Nausea' },
} as const;
export type ReactionKey = keyof typeof reactions;
