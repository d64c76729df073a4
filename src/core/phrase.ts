import type { Claim, ClaimOf, Quantity } from './claim.ts';

/** Templates of this file; part of a run's identity, so any change of wording is a new version. */
export const phraseVersion = 'en-3';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Words of route and frequency that are printed bare; anything else stands in quotes, so that it is read back as one piece. */
export const routeWords =
  /^(?:by mouth|orally|sublingually|buccally|intravenously|intramuscularly|subcutaneously|intradermally|topically|transdermally|rectally|vaginally|nasally|by inhalation|into the eye|into both eyes|into the ear|by feeding tube)$/;
export const frequencyWords =
  /^(?:(?:once|twice|(?:three|four|five|six|\d+) times) (?:daily|weekly|monthly|yearly|every \d+ (?:hours|days|weeks|months))|every (?:other )?(?:day|week|month|hour|morning|evening|night)|every \d+(?:–\d+)? (?:minutes|hours|days|weeks|months)|at bedtime|in the morning)(?: as needed)?$|^as needed$|^once$/;

/** How each setting of an encounter is printed. */
export const settingWords = {
  emergency: 'Emergency visit',
  inpatient: 'Hospital admission',
  outpatient: 'Outpatient visit',
  virtual: 'Virtual visit',
  home: 'Home visit',
} as const;

const LIST_HEADS = { active: 'Active problems', resolved: 'Resolved problems', 'ruled out': 'Ruled out', suspected: 'Suspected problems' };
const ALLERGY_WORDS = { high: 'high criticality', low: 'low criticality' };

/**
 * The English sentence of some claims, in words a clinician would write; the free-lane reader reads the same claims back.
 * Returns undefined where it could not be read back: empty or quoted names, numbers or dates that are none, units with prose in them.
 */
export function phrase(claims: Claim[]): string | undefined {
  try {
    if (claims.length === 0) return undefined;
    const text = problemList(claims) ?? claims.map(clause).join('; ');
    return `${capital(text)}.`;
  } catch (refusal) {
    if (refusal instanceof Unprintable) return undefined;
    throw refusal;
  }
}

/** A calendar date at its own precision: `2009`, `Mar 2009`, `5 Mar 2009`; undefined for a date that is none. */
export function dateWords(date: string): string | undefined {
  const [, year, month, day] = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(date) ?? [];
  if (year === undefined) return undefined;
  if (month === undefined) return year;
  const name = MONTHS[Number(month) - 1];
  if (name === undefined) return undefined;
  if (day === undefined) return `${name} ${year}`;
  const longest = DAYS[Number(month) - 1] ?? 0;
  return Number(day) >= 1 && Number(day) <= longest ? `${Number(day)} ${name} ${year}` : undefined;
}

class Unprintable extends Error {}

function clause(claim: Claim): string {
  switch (claim.kind) {
    case 'result':
      return resultWords(claim);
    case 'trend':
      return trendWords(claim);
    case 'problem':
      return problemWords(claim);
    case 'medication':
      return medicationWords(claim);
    case 'dose-change': {
      const frequency = claim.frequency === undefined ? '' : ` ${frequencyText(claim.frequency)}`;
      return `${name(claim.drug.name)} was changed from ${dose(claim.from)} to ${dose(claim.to)}${frequency} ${when(claim.on)}`;
    }
    case 'allergy':
      return allergyWords(claim);
    case 'no-known-allergy':
      return `no known ${noneKnown(claim.about.name)}${recorded(claim.recordedOn)}`;
    case 'encounter':
      return encounterWords(claim);
    case 'procedure':
      return procedureWords(claim);
    case 'immunization':
      return `immunization with ${name(claim.vaccine.name)} was given ${when(claim.on)}`;
    case 'report':
      return `${name(claim.concept.name)} ${when(claim.on)} concluded: ${quoted(claim.quote)}`;
    case 'pending':
      return `${name(claim.concept.name)} ${was(claim.concept.name)} ordered ${when(claim.orderedOn)}; no result by ${date(claim.asOf)}`;
    case 'appointment':
      return `appointment ${when(claim.on)}${claim.time === undefined ? '' : ` at ${clock(claim.time)}`}${forReason(claim.reason)}`;
    case 'family':
      return `family history: ${name(claim.condition.name)} in ${/ in /.test(claim.relative) ? quoted(claim.relative) : name(claim.relative)}`;
    case 'absence':
      return absenceWords(claim);
    case 'count':
      return countWords(claim);
  }
}

function resultWords(claim: ClaimOf<'result'>): string {
  const value = 'text' in claim.value ? quoted(claim.value.text) : quantity(claim.value);
  const corrected = claim.correctedFrom === undefined ? '' : `, corrected from ${quantity(claim.correctedFrom)}`;
  if (corrected !== '' && claim.certainty !== undefined && claim.certainty !== 'corrected') throw new Unprintable();
  const certainty = corrected === '' && claim.certainty !== undefined ? `, ${claim.certainty}` : corrected;
  const flag = claim.flag === undefined ? '' : `, ${claim.flag}`;
  const latest = claim.latest === true ? ', the latest on record' : '';
  return `${name(claim.concept.name)} ${was(claim.concept.name)} ${value} ${when(claim.on)}${range(claim.range)}${flag}${certainty}${latest}`;
}

function trendWords(claim: ClaimOf<'trend'>): string {
  const verb = claim.direction === 'unchanged' ? `${was(claim.concept.name)} unchanged` : claim.direction;
  return `${name(claim.concept.name)} ${verb} from ${quantity(claim.from)} ${when(claim.fromOn)} to ${quantity(claim.to)} ${when(claim.toOn)}`;
}

function problemWords(claim: ClaimOf<'problem'>): string {
  const side = claim.laterality === undefined ? '' : ` (${claim.laterality})`;
  const open = claim.state === 'active' || claim.state === 'suspected';
  if (open && claim.until !== undefined) throw new Unprintable();
  const since = claim.since === undefined ? '' : open ? ` since ${date(claim.since)}` : `, onset ${date(claim.since)}`;
  const until = claim.until === undefined ? '' : ` ${when(claim.until)}`;
  return `${name(claim.concept.name)}${side}, ${claim.state}${until}${since}`;
}

/** Several problems in one state share a sentence, as on a problem list. */
function problemList(claims: Claim[]): string | undefined {
  const problems = claims.filter((claim) => claim.kind === 'problem');
  const state = problems[0]?.state;
  if (problems.length < 2 || problems.length !== claims.length || state === undefined) return undefined;
  if (problems.some((problem) => problem.state !== state)) return undefined;
  return `${LIST_HEADS[state]}: ${problems.map(problemItem).join('; ')}`;
}

function problemItem(claim: ClaimOf<'problem'>): string {
  const open = claim.state === 'active' || claim.state === 'suspected';
  if (open && claim.until !== undefined) throw new Unprintable();
  const parts = [
    claim.laterality,
    claim.since === undefined ? undefined : `${open ? 'since' : 'onset'} ${date(claim.since)}`,
    claim.until === undefined ? undefined : `until ${date(claim.until)}`,
  ].filter((part) => part !== undefined);
  return `${name(claim.concept.name)}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
}

function medicationWords(claim: ClaimOf<'medication'>): string {
  const strength = claim.dose === undefined ? '' : ` ${dose(claim.dose)}`;
  const route = claim.route === undefined ? '' : ` ${routeText(claim.route)}`;
  const frequency = claim.frequency === undefined ? '' : ` ${frequencyText(claim.frequency)}`;
  const drug = drugName(claim.drug.name, claim.dose !== undefined);
  const on = claim.on === undefined ? '' : claim.modality === 'taking' ? `, stated ${when(claim.on)}` : ` ${when(claim.on)}`;
  const verb = claim.modality === 'taking' ? 'is being taken' : `was ${claim.modality}`;
  return `${drug}${strength}${route}${frequency} ${verb}${on}`;
}

function allergyWords(claim: ClaimOf<'allergy'>): string {
  const severity = claim.severity === undefined ? '' : ` (${ALLERGY_WORDS[claim.severity]})`;
  const reaction = claim.reaction === undefined ? '' : `: ${name(claim.reaction)}`;
  return `${name(substanceName(claim.substance.name))} allergy${severity}${reaction}${recorded(claim.recordedOn)}`;
}

function encounterWords(claim: ClaimOf<'encounter'>): string {
  const what = claim.what === undefined ? '' : ` (${/[()]/.test(claim.what) ? quoted(claim.what) : name(claim.what)})`;
  const dates = claim.until === undefined ? when(claim.on) : `from ${date(claim.on)} to ${date(claim.until)}`;
  return `${settingWords[claim.setting]}${what}${forReason(claim.reason?.name)} ${dates}`;
}

function procedureWords(claim: ClaimOf<'procedure'>): string {
  const side = claim.laterality === undefined ? '' : ` (${claim.laterality})`;
  const be = was(claim.concept.name);
  const verb = { performed: `${be} performed`, planned: `${be === 'was' ? 'is' : 'are'} planned`, 'not done': `${be} not done` }[
    claim.modality
  ];
  return `${name(claim.concept.name)}${side} ${verb}${claim.on === undefined ? '' : ` ${when(claim.on)}`}`;
}

function absenceWords(claim: ClaimOf<'absence'>): string {
  const since = claim.since === undefined ? '' : ` since ${date(claim.since)}`;
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
    };
    return `no ${words[claim.of]} recorded${since}`;
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
  };
  return `no ${words[claim.of]} ${name(claim.concept.name)} is recorded${since}`;
}

function countWords(claim: ClaimOf<'count'>): string {
  const plural = claim.number === 1 ? '' : 's';
  const words = { visits: 'visit', results: 'result', 'emergency visits': 'emergency visit', admissions: 'hospital admission' };
  const of = claim.concept === undefined ? '' : `${claim.of === 'results' ? ' of' : ' for'} ${name(claim.concept.name)}`;
  return `${claim.number} ${words[claim.of]}${plural}${of} since ${date(claim.since)}`;
}

/** A substance without the word allergy that some sources put into its name ("Allergy to nut"). */
export function substanceName(text: string): string {
  const bare = tidy(text)
    .replace(/^(?:allergy|allergic reaction|hypersensitivity) to (?=\S)/i, '')
    .replace(/(?<=\S) (?:allergy|hypersensitivity)$/i, '');
  return bare;
}

function noneKnown(text: string): string {
  const about = tidy(text)
    .replace(/^no known\b ?/i, '')
    .replace(/ ?\ballerg(?:y|ies)\b.*$/i, '');
  return about === '' ? 'allergies' : `${name(about)} allergies`;
}

function recorded(on: string | undefined): string {
  return on === undefined ? '' : `, recorded ${when(on)}`;
}

function forReason(reason: string | undefined): string {
  return reason === undefined ? '' : ` for ${name(reason)}`;
}

function when(text: string): string {
  return `${text.length === 10 ? 'on' : 'in'} ${date(text)}`;
}

function date(text: string): string {
  return dateWords(text) ?? refuse();
}

function clock(text: string): string {
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(text) ? text : refuse();
}

function range(reference: { low?: string | undefined; high?: string | undefined } | undefined): string {
  if (reference === undefined || (reference.low === undefined && reference.high === undefined)) return '';
  if (reference.high === undefined) return ` (reference ≥ ${number(reference.low ?? '')})`;
  if (reference.low === undefined) return ` (reference ≤ ${number(reference.high)})`;
  return ` (reference ${number(reference.low)}–${number(reference.high)})`;
}

function quantity(value: Quantity): string {
  const unit = value.unit === undefined ? '' : ` ${unitText(value.unit)}`;
  return `${value.comparator ?? ''}${number(value.value)}${unit}`;
}

function number(text: string): string {
  return /^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(text) ? text : refuse();
}

function unitText(text: string): string {
  const unit = tidy(text);
  const prose = /[“”";,]|\.$|(?:^| )(?:on|in|from|to|at|and|or|by|corrected|reference|high|low|was|is)(?: |$)/i;
  return unit === '' || prose.test(unit) || /^[-+<>=]/.test(unit) ? refuse() : unit;
}

function dose(value: { value: string; unit: string }): string {
  const unit = unitText(value.unit);
  return / /.test(unit) ? refuse() : `${number(value.value)} ${unit}`;
}

function routeText(route: string): string {
  return routeWords.test(route) ? route : `via ${quoted(route)}`;
}

function frequencyText(frequency: string): string {
  return frequencyWords.test(frequency) ? frequency : `as ${quoted(frequency)}`;
}

/** A drug whose own name ends like a dose, a route or a frequency stands in quotes, so that the strength of a product is not read as a dose. */
function drugName(text: string, dosed: boolean): string {
  const bare = tidy(text);
  const words = bare.split(' ');
  const tail = words.some((_, i) => i > 0 && endsLikeDirections(words.slice(i).join(' ')));
  return tail || (!dosed && /(?:^| )-?\d[\d.,]* \S+$/.test(bare)) ? quoted(bare) : name(bare);
}

function endsLikeDirections(words: string): boolean {
  return routeWords.test(words) || frequencyWords.test(words);
}

/** "Was" or "were" after a name, by its head: "Platelets [#/volume] in Blood" were, "Platelet mean volume in Blood" was. */
function was(text: string): 'was' | 'were' {
  const head = /^(.*?)(?: [[(]| (?:in|of|by|for|with|at|on|to|from) |[,/]|$)/.exec(text.trim())?.[1] ?? '';
  return PLURAL.test(head.split(' ').at(-1) ?? '') ? 'were' : 'was';
}

/** Plural heads of what is measured, ordered and done; a list, because "Phosphorus" and "Urinalysis" are none. */
const PLURAL =
  /^(?:[a-z]*(?:cytes|phils|blasts)|triglycerides|platelets|ketones|nitrites|proteins|lipids|cells|bands|casts|crystals|bacteria|antibodies|immunoglobulins|electrolytes|phosphates|steroids|opiates|benzodiazepines|barbiturates|amphetamines|cannabinoids|respirations|gases|cultures|studies|tests|panels|levels|x-rays|exercises|injections|sutures|sessions)$/i;

/** A name bare where nothing in it could be taken for the sentence around it, otherwise in quotes. */
function name(text: string): string {
  const bare = tidy(text);
  return PLAIN.test(bare) && !AMBIGUOUS.test(bare) ? bare : quoted(bare);
}

const PLAIN = /^[\p{L}\p{N}'’%([<>=+#*/-][^“”;\n]*[^“”;\n.,:?!\s]$|^[\p{L}\p{N}]$/u;
const MONTH = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*';
const AMBIGUOUS = new RegExp(
  [
    '(?:^|[\\s(,])(?:was|were|is|are|rose|fell|concluded|stated|recorded|taken|as|via|corrected|allerg(?:y|ies|ic)|vaccine given)(?=[\\s,.:)]|$)',
    `(?:^|\\s)(?:on|in|since|from|to|by|until|onset|at|for) (?:\\d{1,2} )?(?:${MONTH} )?\\d`,
    '^(?:no|not|never|active problems|resolved problems|ruled out|suspected problems|family history|appointment|immunization with)(?=[\\s:]|$)',
    '^(?:emergency|outpatient|virtual|home) visit|^hospital admission|^\\d+ (?:visit|result|emergency visit|hospital admission)s?(?: |$)',
    '\\((?:left|right|bilateral|since|onset|until|reference|high criticality|low criticality)',
    ', (?:active|resolved|ruled out|suspected|high|low|critically|abnormal|normal|preliminary|final|the latest)(?=[\\s,]|$)',
    '[.!?:]\\s',
    '\\s(?:in|for)$|^(?:in|for|of|to|named|with)\\s',
  ].join('|'),
  'i',
);

function quoted(text: string): string {
  const bare = tidy(text);
  return bare === '' || /[“”]|[\u0000-\u001f\u007f]/.test(bare) || !bare.isWellFormed() ? refuse() : `“${bare}”`;
}

/** White space as one blank, zero-width characters gone (Synthea's newer LOINC names carry them); nothing else of a name is touched. */
function tidy(text: string): string {
  return text
    .replace(/[\u200b-\u200d\u2060\ufeff\u00ad]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function capital(text: string): string {
  const [first = ''] = text.split(' ', 1);
  return /^[a-z]+[,:]?$/.test(first) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

function refuse(): never {
  throw new Unprintable();
}
