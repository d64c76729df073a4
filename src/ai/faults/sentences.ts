import type { Claim, ClaimOf, Quantity } from '../../core/claim.ts';
import type { Random } from './random.ts';

/** How a sentence is worded: as our own writer does, or as people do. */
export type Shape = 'phrase' | 'loose';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const LONG = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

/** What people call some results, by the name the chart gives them. */
const SHORT: Record<string, string[]> = {
  potassium: ['K', 'potassium', 'serum potassium'], sodium: ['Na', 'sodium'], chloride: ['Cl', 'chloride'], creatinine: ['Cr', 'creatinine', 'serum creatinine'], 'urea nitrogen': ['BUN'],
  'hemoglobin a1c/hemoglobin.total in blood': ['A1c', 'HbA1c', 'hemoglobin A1c'], 'hemoglobin [mass/volume] in blood': ['Hgb', 'hemoglobin'], 'leukocytes [#/volume] in blood by automated count': ['WBC'],
  'platelets [#/volume] in blood by automated count': ['platelets', 'plt'], 'hematocrit [volume fraction] of blood by automated count': ['Hct', 'hematocrit'], 'total cholesterol': ['total cholesterol'],
  'low density lipoprotein cholesterol': ['LDL', 'LDL cholesterol'], 'high density lipoprotein cholesterol': ['HDL'], triglycerides: ['triglycerides'], 'prostate specific ag [mass/volume] in serum or plasma': ['PSA'],
  'body weight': ['weight', 'body weight'], 'body height': ['height'], 'body mass index': ['BMI'], 'heart rate': ['HR', 'heart rate', 'pulse'], 'respiratory rate': ['RR', 'respiratory rate'], 'carbon dioxide': ['CO2', 'bicarbonate'],
  'body temperature': ['temperature', 'temp'], 'systolic blood pressure': ['systolic BP', 'SBP'], 'diastolic blood pressure': ['diastolic BP', 'DBP'], 'microalbumin creatinine ratio': ['urine albumin/creatinine ratio', 'UACR'],
}; // biome-ignore format: one table, read as a table
const PROBLEMS: Record<string, string[]> = {
  hypertension: ['HTN', 'hypertension', 'high blood pressure'], "alzheimer's disease": ["Alzheimer's disease"], 'chronic congestive heart failure': ['chronic congestive heart failure', 'CHF'], 'type 2 diabetes mellitus': ['T2DM', 'type 2 diabetes'],
  'neoplasm of prostate': ['prostate neoplasm', 'neoplasm of prostate'], 'streptococcal sore throat': ['strep throat', 'streptococcal sore throat'], 'recurrent urinary tract infection': ['recurrent UTI'], 'chronic obstructive pulmonary disease': ['COPD'], 'atrial fibrillation': ['afib', 'atrial fibrillation'],
  'heart failure with reduced ejection fraction': ['HFrEF'], 'chronic kidney disease stage 3b': ['CKD stage 3b', 'CKD 3b'], 'essential hypertension': ['essential hypertension', 'HTN'],
}; // biome-ignore format: one table, read as a table

/** An English sentence that states a claim. Undefined where this shape has no words for it. */
export function say(claim: Claim, shape: Shape, random: Random): string | undefined {
  return shape === 'phrase' ? stiff(claim) : loose(claim, random);
}

/** Blood counts and lipids are many; whatever else these charts measure is one. */
function was(name: string): string {
  return /^(?:[a-z]+(?:cytes|phils)|platelets|triglycerides)(?: \[| in |\/|$)/i.test(name) ? 'were' : 'was';
}

/** `5 Mar 2009`, `Mar 2009`, `2009`. */
function dayWords(date: string): string {
  const [year, month, day] = date.split('-');
  return [day === undefined ? '' : String(Number(day)), month === undefined ? '' : MONTHS[Number(month) - 1], year]
    .filter((part) => part !== '')
    .join(' ');
}

function stiff(claim: Claim): string | undefined {
  switch (claim.kind) {
    case 'result': {
      const range = claim.range === undefined ? '' : ` (reference ${claim.range.low}–${claim.range.high})`;
      if (claim.range !== undefined && (claim.range.low === undefined || claim.range.high === undefined)) return undefined;
      const corrected =
        claim.correctedFrom === undefined
          ? claim.certainty === undefined
            ? ''
            : `, ${claim.certainty}`
          : `, corrected from ${quantity(claim.correctedFrom)}`;
      const value = 'text' in claim.value ? `“${claim.value.text}”` : quantity(claim.value);
      return `${capital(claim.concept.name)} ${was(claim.concept.name)} ${value} ${when(claim.on)}${range}${claim.flag ? `, ${claim.flag}` : ''}${corrected}${claim.latest ? ', the latest on record' : ''}.`;
    }
    case 'trend':
      return `${capital(claim.concept.name)} ${claim.direction === 'unchanged' ? 'was unchanged' : claim.direction} from ${quantity(claim.from)} ${when(claim.fromOn)} to ${quantity(claim.to)} ${when(claim.toOn)}.`;
    case 'problem': {
      const open = claim.state === 'active' || claim.state === 'suspected';
      const since = claim.since === undefined ? '' : open ? ` since ${dayWords(claim.since)}` : `, onset ${dayWords(claim.since)}`;
      return `${capital(claim.concept.name)}${claim.laterality ? ` (${claim.laterality})` : ''}, ${claim.state}${claim.until && !open ? ` ${when(claim.until)}` : ''}${since}.`;
    }
    case 'medication': {
      const words = [
        capital(claim.drug.name),
        claim.dose ? `${claim.dose.value} ${claim.dose.unit}` : '',
        claim.route ?? '',
        claim.frequency ?? '',
      ]
        .filter((word) => word !== '')
        .join(' ');
      if (claim.modality === 'taking') return `${words} is being taken${claim.on ? `, stated ${when(claim.on)}` : ''}.`;
      return `${words} was ${claim.modality}${claim.on ? ` ${when(claim.on)}` : ''}.`;
    }
    case 'dose-change':
      return `${capital(claim.drug.name)} was changed from ${claim.from.value} ${claim.from.unit} to ${claim.to.value} ${claim.to.unit}${claim.frequency ? ` ${claim.frequency}` : ''} ${when(claim.on)}.`;
    case 'allergy':
      return `${capital(claim.substance.name)} allergy${claim.reaction ? `: ${claim.reaction}` : ''}${claim.recordedOn ? `, recorded ${when(claim.recordedOn)}` : ''}.`;
    case 'no-known-allergy':
      return 'No known allergies.';
    case 'encounter': {
      const words = {
        emergency: 'Emergency visit',
        inpatient: 'Hospital admission',
        outpatient: 'Outpatient visit',
        virtual: 'Virtual visit',
        home: 'Home visit',
      }[claim.setting];
      return `${words}${claim.reason ? ` for ${claim.reason.name}` : ''} ${claim.until ? `from ${dayWords(claim.on)} to ${dayWords(claim.until)}` : when(claim.on)}.`;
    }
    case 'procedure':
      return `${capital(claim.concept.name)}${claim.laterality ? ` (${claim.laterality})` : ''} ${{ performed: 'was performed', planned: 'is planned', 'not done': 'was not done' }[claim.modality]}${claim.on ? ` ${when(claim.on)}` : ''}.`;
    case 'immunization':
      return `Immunization with ${claim.vaccine.name} was given ${when(claim.on)}.`;
    case 'pending':
      return `${capital(claim.concept.name)} was ordered ${when(claim.orderedOn)}; no result by ${dayWords(claim.asOf)}.`;
    case 'family':
      return `Family history: ${claim.condition.name} in ${claim.relative}.`;
    case 'absence':
      return absenceWords(claim);
    case 'count': {
      const words = { visits: 'visit', results: 'result', 'emergency visits': 'emergency visit', admissions: 'hospital admission' }[
        claim.of
      ];
      return `${claim.number} ${words}${claim.number === 1 ? '' : 's'} since ${dayWords(claim.since)}.`;
    }
    default:
      return undefined;
  }
}

function loose(claim: Claim, random: Random): string | undefined {
  switch (claim.kind) {
    case 'result':
      return looseResult(claim, random);
    case 'trend': {
      const name = shortName(claim.concept.name, SHORT, random);
      const [from, to] = [rounded(claim.from), rounded(claim.to)];
      if (from.value === to.value) return undefined;
      const verb =
        claim.direction === 'rose'
          ? ['rose', 'increased', 'went up']
          : claim.direction === 'fell'
            ? ['fell', 'decreased', 'went down']
            : ['was unchanged'];
      const [d1, d2] = [anyDay(claim.fromOn, random), anyDay(claim.toOn, random)];
      return random.pick([
        `${capital(name)} ${random.pick(verb)} from ${quantity(from)} on ${d1} to ${quantity(to)} on ${d2}`,
        `${capital(name)} ${random.pick(verb)} from ${from.value} to ${quantity(to)} between ${d1} and ${d2}.`,
        `${capital(name)} was ${quantity(to)} on ${d2}, ${claim.direction === 'rose' ? 'up' : 'down'} from ${quantity(from)} on ${d1}.`,
      ]);
    }
    case 'problem':
      return looseProblem(claim, random);
    case 'medication':
      return looseMedication(claim, random);
    case 'dose-change':
      return `${capital(claim.drug.name)} was ${Number(claim.to.value) > Number(claim.from.value) ? 'increased' : 'reduced'} from ${claim.from.value} ${claim.from.unit} to ${claim.to.value} ${claim.to.unit} on ${anyDay(claim.on, random)}`;
    case 'allergy':
      return random.pick([
        `Patient is allergic to ${claim.substance.name.toLowerCase()}${claim.reaction ? ` (${claim.reaction.toLowerCase()})` : ''}.`,
        `Allergies: ${claim.substance.name}${claim.reaction ? ` (${claim.reaction})` : ''}`,
        `Pt has ${/^[aeiou]/i.test(claim.substance.name) ? 'an' : 'a'} ${claim.substance.name} allergy`,
      ]);
    case 'no-known-allergy':
      return random.pick(['NKDA', 'No known drug allergies.', 'Patient has no known allergies']);
    case 'encounter': {
      const day = anyDay(claim.on, random);
      const reason = claim.reason ? ` for ${claim.reason.name}` : '';
      if (claim.setting === 'emergency')
        return random.pick([`Seen in the ED on ${day}${reason}.`, `ED visit ${day}${reason}`, `Pt presented to the ED on ${day}${reason}`]);
      if (claim.setting === 'inpatient')
        return random.pick([`Admitted on ${day}${reason}.`, `Patient was hospitalized on ${day}${reason}`]);
      return claim.setting === 'outpatient'
        ? random.pick([`Seen in clinic on ${day}${reason}.`, `Office visit on ${day}${reason}`])
        : undefined;
    }
    case 'procedure': {
      const name = claim.laterality ? `${claim.laterality} ${claim.concept.name}` : claim.concept.name;
      const day = claim.on === undefined ? '' : ` on ${anyDay(claim.on, random)}`;
      if (claim.modality === 'performed')
        return random.pick([
          `Patient underwent ${name}${day}.`,
          `S/p ${name}${day}`,
          `${capital(name)} was done${day}`,
          `${capital(name)} performed${day}.`,
        ]);
      return claim.modality === 'planned' ? `${capital(name)} is planned${day}` : `${capital(name)} was not performed${day}`;
    }
    case 'immunization':
      return random.pick([
        `Received ${claim.vaccine.name} vaccine on ${anyDay(claim.on, random)}.`,
        `${capital(claim.vaccine.name)} vaccine given ${anyDay(claim.on, random)}`,
      ]);
    case 'pending':
      return `${capital(claim.concept.name)} ordered ${anyDay(claim.orderedOn, random)}, no result yet`;
    case 'family':
      return random.pick([
        `${capital(claim.relative)} had ${claim.condition.name.toLowerCase()}`,
        `Patient's ${claim.relative} has ${claim.condition.name.toLowerCase()}.`,
        `Family history of ${claim.condition.name.toLowerCase()} in ${claim.relative}.`,
      ]);
    case 'count':
      return claim.of === 'emergency visits'
        ? `${claim.number} ED visit${claim.number === 1 ? '' : 's'} since ${anyDay(claim.since, random)}`
        : stiff(claim);
    case 'absence':
      return claim.concept === undefined
        ? absenceWords(claim)
        : `No ${claim.concept.name} on record${claim.since ? ` since ${anyDay(claim.since, random)}` : ''}`;
    default:
      return undefined;
  }
}

function looseResult(claim: ClaimOf<'result'>, random: Random): string | undefined {
  const name = shortName(claim.concept.name, SHORT, random);
  const day = anyDay(claim.on, random);
  const flag = claim.flag === undefined ? '' : claim.flag === 'high' ? ' (H)' : claim.flag === 'low' ? ' (L)' : `, ${claim.flag}`;
  if ('text' in claim.value)
    return random.pick([`${capital(name)} was ${claim.value.text} on ${day}.`, `${capital(name)}: ${claim.value.text} (${day})`]);
  const value = quantity(rounded(claim.value));
  if (claim.correctedFrom !== undefined) return `${capital(name)} was ${value} on ${day}, corrected from ${quantity(claim.correctedFrom)}.`;
  if (claim.latest === true)
    return random.pick([`Most recent ${name} was ${value} on ${day}.`, `Latest ${name} ${value}`, `${capital(name)} is ${value}`]);
  return random.pick([
    `${capital(name)} ${value}${flag} on ${day}`,
    `On ${day}, ${name} was ${value}${flag}.`,
    `${capital(name)} was ${value} on ${day}${flag}.`,
    `${capital(name)} of ${value} on ${day}${flag}`,
    `Pt's ${name} was ${value}${flag} (${day})`,
  ]);
}

function looseProblem(claim: ClaimOf<'problem'>, random: Random): string | undefined {
  const base = shortName(claim.concept.name, PROBLEMS, random);
  const name = claim.laterality ? `${claim.laterality} ${base}` : base;
  const since = claim.since === undefined ? '' : ` since ${anyDay(claim.since, random)}`;
  const diagnosed = claim.since === undefined ? '' : ` ${claim.since.length === 10 ? 'on' : 'in'} ${anyDay(claim.since, random)}`;
  if (claim.state === 'active')
    return random.pick([
      `Patient has ${name}${since}.`,
      `Pt has ${name}${since}`,
      `${capital(name)}${since}`,
      `Active problems: ${name}${claim.since ? ` (${anyDay(claim.since, random)})` : ''}`,
      `Diagnosed with ${name}${diagnosed}.`,
    ]);
  if (claim.state === 'resolved')
    return claim.until
      ? `${capital(name)} resolved on ${anyDay(claim.until, random)}`
      : random.pick([`History of ${name}`, `${capital(name)}, resolved`]);
  return claim.state === 'ruled out' ? `${capital(name)} was ruled out` : `Suspected ${name}${since}`;
}

function looseMedication(claim: ClaimOf<'medication'>, random: Random): string | undefined {
  const frequency = claim.frequency === undefined ? '' : random.pick(FREQUENCIES[claim.frequency] ?? [claim.frequency]);
  const route = claim.route === undefined ? '' : random.pick(ROUTES[claim.route] ?? [claim.route]);
  const words = [
    claim.drug.name.toLowerCase() === claim.drug.name ? claim.drug.name : claim.drug.name,
    claim.dose ? `${claim.dose.value}${random.pick([' ', ''])}${claim.dose.unit}` : '',
    route,
    frequency,
  ]
    .filter((word) => word !== '')
    .join(' ');
  const day = claim.on === undefined ? '' : ` on ${anyDay(claim.on, random)}`;
  if (claim.modality === 'prescribed')
    return random.pick([
      `${capital(words)} prescribed${day}.`,
      `Patient was prescribed ${words}${day}.`,
      `${capital(words)} ordered${day}`,
    ]);
  if (claim.modality === 'filled') return random.pick([`${capital(words)} filled${day}`, `${capital(words)} was dispensed${day}.`]);
  if (claim.modality === 'taking') return `Patient is taking ${words}.`;
  return claim.modality === 'administered' ? `${capital(words)} was given${day}` : `${capital(words)} was discontinued${day}`;
}

const ROUTES: Record<string, string[]> = {
  'by mouth': ['PO', 'by mouth', 'orally'],
  intravenously: ['IV', 'intravenously'],
  subcutaneously: ['subcutaneously', 'SubQ'],
};
const FREQUENCIES: Record<string, string[]> = {
  'once daily': ['daily', 'once daily', 'once a day', 'QD'],
  'twice daily': ['BID', 'twice daily', 'twice a day'],
  'three times daily': ['TID', 'three times a day'],
  'four times daily': ['QID', 'four times daily'],
};

function absenceWords(claim: ClaimOf<'absence'>): string | undefined {
  const since = claim.since === undefined ? '' : ` since ${dayWords(claim.since)}`;
  if (claim.concept === undefined) {
    const words = {
      allergies: 'allergy information is',
      medications: 'medications are',
      problems: 'problems are',
      results: 'results are',
      result: 'results are',
      visits: 'visits are',
      procedure: 'procedures are',
      immunization: 'immunizations are',
    }[claim.of];
    return `No ${words} recorded${since}.`;
  }
  const words = {
    allergies: 'allergy to',
    medications: 'medication named',
    problems: 'problem named',
    results: 'result of',
    result: 'result of',
    visits: 'visit for',
    procedure: 'procedure named',
    immunization: 'immunization with',
  }[claim.of];
  return `No ${words} ${claim.concept.name} is recorded${since}.`;
}

/** Numbers with more digits than an instrument gives, as people round them: three significant ones. */
function rounded(value: Quantity): Quantity {
  const digits = value.value.replace(/[-.]/g, '').replace(/^0+/, '').length;
  if (digits <= 6) return value;
  const number = Number(value.value);
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(number))));
  return { ...value, value: number.toFixed(places) };
}

function anyDay(date: string, random: Random): string {
  if (date.length < 10) return dayWords(date);
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  return random.pick([dayWords(date), `${month}/${day}/${year}`, `${LONG[month - 1]} ${day}, ${year}`, date]);
}

function shortName(name: string, table: Record<string, string[]>, random: Random): string {
  return random.pick(table[name.toLowerCase()] ?? [name]);
}

function quantity(value: Quantity): string {
  return `${value.comparator ?? ''}${value.value}${value.unit === undefined ? '' : ` ${value.unit}`}`;
}

function when(date: string): string {
  return `${date.length === 10 ? 'on' : 'in'} ${dayWords(date)}`;
}

function capital(words: string): string {
  const [first = ''] = words.split(' ', 1);
  return /^[a-z]+[,:]?$/.test(first) ? words.charAt(0).toUpperCase() + words.slice(1) : words;
}
