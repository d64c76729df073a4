import type { NameKind } from './name-kind.ts';

/*
 * One table of names that mean the same to a clinician, so it stands in one file. A group holds only full equivalents: nothing in it is
 * broader or narrower than its neighbours. Abbreviations with several common readings (MS, RA, CA, PE, DM without a type) are left out.
 */
const results = `
potassium|k|k+|serum potassium|potassium level
sodium|na|na+|serum sodium
chloride|cl|serum chloride
carbon dioxide|co2|bicarbonate|hco3|carbon dioxide, total|total co2
calcium|serum calcium
creatinine|cr|serum creatinine|creat|scr
urea nitrogen|bun|blood urea nitrogen
glucose|blood glucose|serum glucose|blood sugar
hemoglobin a1c|hba1c|a1c|hemoglobin a1c/hemoglobin.total|hgba1c|hb a1c|glycated hemoglobin
hemoglobin|hgb|hb
hematocrit|hct
leukocytes|wbc|white cell count|white blood cells|white blood cell count
erythrocytes|rbc|red cell count|red blood cells|red blood cell count
platelets|plt|platelet count
mcv|erythrocyte mean corpuscular volume|mean corpuscular volume
mch|erythrocyte mean corpuscular hemoglobin
mchc|erythrocyte mean corpuscular hemoglobin concentration
egfr|glomerular filtration rate|estimated gfr|gfr|glomerular filtration rate/1.73 sq m.predicted|estimated glomerular filtration rate
total cholesterol|cholesterol
low density lipoprotein cholesterol|ldl|ldl cholesterol|ldl-c|cholesterol in ldl
high density lipoprotein cholesterol|hdl|hdl cholesterol|hdl-c|cholesterol in hdl
triglycerides|tg|triglyceride
prostate specific ag|psa|prostate specific antigen|prostate-specific antigen|total psa
alanine aminotransferase|alt|sgpt
aspartate aminotransferase|ast|sgot
alkaline phosphatase|alk phos|alp
bilirubin.total|total bilirubin|t bili|bilirubin|bilirubin, total
albumin|serum albumin
protein|total protein
lactate|serum lactate|lactic acid
thyroid stimulating hormone|tsh|thyrotropin
free t4|thyroxine free|ft4|free thyroxine
parathyroid hormone|pth|parathyrin|parathyroid hormone, intact|parathyrin.intact|intact pth
natriuretic peptide.b prohormone n-terminal|nt-probnp|ntprobnp|n-terminal pro-bnp
microalbumin creatinine ratio|urine albumin/creatinine ratio|uacr|microalbumin/creatinine ratio|albumin/creatinine ratio|urine albumin-creatinine ratio|urine microalbumin/creatinine|urine albumin/creatinine
body weight|weight|wt
body height|height|ht
body mass index|bmi|body mass index (bmi)
body temperature|temperature|temp
heart rate|hr|pulse|pulse rate
respiratory rate|rr|resp rate|respirations
oxygen saturation|spo2|o2 sat|o2 saturation
blood pressure|bp
systolic blood pressure|systolic bp|sbp|systolic
diastolic blood pressure|diastolic bp|dbp|diastolic
left ventricular ejection fraction|lvef|ejection fraction|ef
tobacco smoking status nhis|tobacco smoking status|smoking status
pain severity - 0-10 verbal numeric rating - reported|pain score|pain severity|pain severity - 0-10 verbal numeric rating
international normalized ratio|inr
ferritin|serum ferritin
testosterone|total testosterone|serum testosterone
phosphate|phosphorus
magnesium|mg|serum magnesium
troponin i|trop i
c-reactive protein|crp|c reactive protein
erythrocyte sedimentation rate|esr
uric acid|urate
neutrophils|absolute neutrophil count|anc
phq-9|patient health questionnaire 9 item total score|phq-9 score|phq-9 total score|patient health questionnaire-9
gad-7|generalized anxiety disorder 7 item total score|gad-7 score|gad-7 total score
total score [mmse]|mmse score|mmse|mini-mental state examination score
fev1|forced expiratory volume in 1 second
`;

const problems = `
type 2 diabetes mellitus|type 2 diabetes|t2dm|type ii diabetes|type ii diabetes mellitus|dm2|dm type 2|diabetes mellitus type 2|diabetes type 2|t2d|diabetes mellitus type ii
type 1 diabetes mellitus|type 1 diabetes|t1dm|type i diabetes|dm1|diabetes mellitus type 1
diabetes mellitus|diabetes
hypertension|htn|high blood pressure|hypertensive disorder
essential hypertension|primary hypertension
hyperlipidemia|hld
heart failure|hf|cardiac failure
congestive heart failure|chf
chronic congestive heart failure|chronic chf
heart failure with reduced ejection fraction|hfref|systolic heart failure
heart failure with preserved ejection fraction|hfpef|diastolic heart failure
chronic obstructive pulmonary disease|copd|chronic obstructive lung disease
chronic kidney disease|ckd
chronic kidney disease stage 3|ckd 3|ckd stage 3
chronic kidney disease stage 3a|ckd 3a|ckd stage 3a
chronic kidney disease stage 3b|ckd 3b|ckd stage 3b
chronic kidney disease stage 4|ckd 4|ckd stage 4
atrial fibrillation|afib|a-fib|a fib
coronary artery disease|cad|coronary disease|coronary heart disease
coronary arteriosclerosis|coronary atherosclerosis
gastroesophageal reflux disease|gerd|acid reflux
benign prostatic hyperplasia|bph
obstructive sleep apnea|osa|obstructive sleep apnea syndrome
major depressive disorder|mdd
generalized anxiety disorder|gad
attention deficit hyperactivity disorder|adhd
osteoarthritis|oa
urinary tract infection|uti
recurrent urinary tract infection|recurrent uti
myocardial infarction|mi|heart attack
deep vein thrombosis|dvt|deep venous thrombosis
cerebrovascular accident|cva|stroke
transient ischemic attack|tia
body mass index 30+ - obesity|obesity (bmi 30+)
covid-19|covid|covid 19|disease caused by sars-cov-2
alzheimer's disease|alzheimer disease|alzheimers disease|alzheimer's
acute viral pharyngitis|viral pharyngitis
streptococcal sore throat|strep throat|streptococcal pharyngitis
otitis media|middle ear infection
malignant tumor of colon|colon cancer|malignant neoplasm of colon
malignant tumor of prostate|prostate cancer|carcinoma of prostate|malignant neoplasm of prostate|prostate carcinoma
malignant tumor of breast|breast cancer|malignant neoplasm of breast|carcinoma of breast
malignant tumor of lung|lung cancer|malignant neoplasm of lung
carcinoma in situ of prostate|prostate carcinoma in situ
benign neoplasm of prostate|benign tumor of prostate
neoplasm of prostate|prostate neoplasm
seizure disorder|recurrent seizures
dyspnea|shortness of breath|sob
polyp of colon|colon polyp|colonic polyp
sinusitis|sinus infection
viral sinusitis|viral sinus infection
hypertriglyceridemia|high triglycerides
gestational diabetes mellitus|gestational diabetes
iron deficiency anemia|ida
smokes tobacco daily|daily smoker|current daily smoker|smokes daily
metabolic syndrome x|metabolic syndrome
hyperglycemia|high blood sugar
miscarriage in first trimester|first trimester miscarriage
`;

/** Narrower name → the broader ones that are true of it too. One way only. */
const broaderProblems = `
essential hypertension|hypertension
type 2 diabetes mellitus|diabetes mellitus
type 1 diabetes mellitus|diabetes mellitus
gestational diabetes mellitus|diabetes in pregnancy
chronic kidney disease stage 3|chronic kidney disease
chronic kidney disease stage 3a|chronic kidney disease stage 3
chronic kidney disease stage 3b|chronic kidney disease stage 3
chronic kidney disease stage 3a|chronic kidney disease
chronic kidney disease stage 3b|chronic kidney disease
chronic kidney disease stage 4|chronic kidney disease
chronic kidney disease stage 1|chronic kidney disease
chronic kidney disease stage 2|chronic kidney disease
chronic kidney disease stage 5|chronic kidney disease
heart failure with reduced ejection fraction|heart failure
heart failure with preserved ejection fraction|heart failure
congestive heart failure|heart failure
chronic congestive heart failure|congestive heart failure
alzheimer's disease|dementia
chronic congestive heart failure|heart failure
iron deficiency anemia|anemia
primary malignant neoplasm of prostate|malignant tumor of prostate
perennial allergic rhinitis|allergic rhinitis
seasonal allergic rhinitis|allergic rhinitis
escherichia coli urinary tract infection|urinary tract infection
acute bronchitis|bronchitis
acute viral pharyngitis|pharyngitis
viral sinusitis|sinusitis
`;

const broaderResults = `
egfr (ckd-epi 2021)|egfr
oxygen saturation in arterial blood|oxygen saturation
oxygen saturation in arterial blood by pulse oximetry|oxygen saturation
oral temperature|body temperature
total bilirubin|bilirubin
`;

const broaderVaccines = `
influenza, seasonal|influenza
influenza, seasonal, injectable, preservative free|influenza
influenza, seasonal, injectable, preservative free|influenza, seasonal
influenza, injectable, quadrivalent|influenza
influenza (quadrivalent, injectable)|influenza
td (adult) preservative free|td
td (adult)|td
td (adult), preservative free|td
pneumococcal conjugate pcv 13|pneumococcal conjugate
pneumococcal polysaccharide vaccine, 23 valent|pneumococcal polysaccharide
`;

const broaderProcedures = `
screening colonoscopy|colonoscopy
screening mammography|mammography
transthoracic echocardiography|echocardiography
`;

const drugs = `
acetaminophen|paracetamol|tylenol
hydrochlorothiazide|hctz
lisinopril|zestril|prinivil
furosemide|lasix
metformin|glucophage
atorvastatin|lipitor
simvastatin|zocor
rosuvastatin|crestor
amlodipine|norvasc
losartan|cozaar
sertraline|zoloft
fluoxetine|prozac
apixaban|eliquis
warfarin|coumadin
clopidogrel|plavix
aspirin|asa|acetylsalicylic acid
albuterol|salbutamol
omeprazole|prilosec
levothyroxine|synthroid
gabapentin|neurontin
leuprolide|leuprolide acetate|leuprorelin|lupron
naproxen|aleve
ibuprofen|advil|motrin
amoxicillin-clavulanate|augmentin|amoxicillin / clavulanate|amoxicillin clavulanate
spironolactone|aldactone
empagliflozin|jardiance
tamsulosin|flomax
sacubitril-valsartan|entresto|sacubitril / valsartan
penicillin v|penicillin vk
docetaxel|taxotere
donepezil|aricept
galantamine|razadyne
memantine|namenda
diazepam|valium
diphenhydramine|benadryl
`;

const vaccines = `
influenza|flu|flu shot
influenza, seasonal|seasonal influenza
tdap|tetanus, diphtheria and acellular pertussis
td|tetanus and diphtheria
zoster|shingles
hep a|hepatitis a
hep b|hepatitis b
ipv|inactivated polio
mmr|measles, mumps and rubella
pneumococcal conjugate pcv 13|pcv13|pneumococcal conjugate, 13-valent
pneumococcal polysaccharide vaccine, 23 valent|ppsv23
covid-19|sars-cov-2|covid
hpv|human papillomavirus
`;

const procedures = `
transthoracic echocardiography|transthoracic echocardiogram|trans thoracic echocardiogram|tte
echocardiography|echocardiogram|echo
plain chest x-ray|chest x-ray|cxr|plain x-ray of chest|chest radiograph
digital examination of rectum|digital rectal examination|digital rectal exam|dre
biopsy of prostate|prostate biopsy
electrocardiogram|ecg|ekg|electrocardiographic procedure
mammography|mammogram
magnetic resonance imaging|mri
ankle x-ray|x-ray of ankle
medication reconciliation|med rec
`;

const groups: Record<NameKind, Map<string, string[]>> = {
  result: table(results),
  drug: table(drugs),
  problem: table(problems),
  allergy: table(drugs),
  procedure: table(procedures),
  vaccine: table(vaccines),
  other: new Map(),
};

/** Other names of the same thing; empty for a name that has none here. */
export function synonymsOf(key: string, kind: NameKind): string[] {
  return groups[kind].get(key) ?? [];
}

/** Broader names that are true of a thing under any of its names ("hypertension" of "essential hypertension"). */
export function broaderOf(key: string, kind: NameKind): string[] {
  return BROADER[kind]?.get(key) ?? [];
}

const BROADER: Partial<Record<NameKind, Map<string, string[]>>> = {
  problem: broaderTable(broaderProblems, 'problem'),
  result: broaderTable(broaderResults, 'result'),
  vaccine: broaderTable(broaderVaccines, 'vaccine'),
  procedure: broaderTable(broaderProcedures, 'procedure'),
};

/** Every name of these tables of one sort, for the reader's lexicon. */
export function tabledNames(kind: NameKind): Iterable<string> {
  return groups[kind].keys();
}

function broaderTable(text: string, kind: NameKind): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (const line of text.trim().split('\n')) {
    const [narrow = '', wide = ''] = line.split('|');
    const wider = [wide, ...synonymsOf(wide, kind)];
    for (const name of [narrow, ...synonymsOf(narrow, kind)]) map.set(name, [...(map.get(name) ?? []), ...wider]);
  }
  return map;
}

function table(text: string): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (const line of text.trim().split('\n')) {
    const names = line.split('|');
    for (const name of names) map.set(name, [...(map.get(name) ?? []), ...names.filter((other) => other !== name)]);
  }
  return map;
}
