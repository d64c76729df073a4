import { substanceName } from '../../core/phrase.ts';
import type { NameKind } from './name-kind.ts';
import { broaderOf, synonymsOf } from './synonyms.ts';

/** A name as it is compared: lower case, no accents of typography, no SNOMED CT tag such as "(disorder)". Codes are never compared here. */
export function nameKey(text: string): string {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const key = keyOf(text);
  if (cache.size >= CACHED) cache.clear();
  cache.set(text, key);
  return key;
}

/** The same names are compared over and over; a stream of new ones must not fill the memory. */
const cache = new Map<string, string>();
const CACHED = 20_000;

function keyOf(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\u200b-\u200d\u2060\ufeff\u00ad]/g, '')
    .replace(/[‘’]/g, "'")
    .replace(/[‐‑–—]/g, '-')
    .toLowerCase()
    .replace(TAG, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** All keys by which a writer may call a thing that the chart calls `display`; each less specific than the display or the same, never more. */
export function nameKeys(display: string, kind: NameKind): Set<string> {
  const keys = ownKeys(display, kind);
  for (const key of [...keys]) for (const wider of broaderOf(key, kind)) keys.add(wider);
  return keys;
}

/** Whether a name takes in more than the thing displayed ("chronic kidney disease" for its stage 3): what is true of the one may be false of the other. */
export function isBroader(name: string, display: string, kind: NameKind): boolean {
  const key = nameKey(name);
  if (key === nameKey(display)) return false;
  const own = ownKeys(display, kind);
  return !own.has(key) && [...own].some((one) => broaderOf(one, kind).includes(key));
}

function ownKeys(display: string, kind: NameKind): Set<string> {
  const whole = nameKey(display);
  const keys = new Set([whole]);
  for (const key of shorter[kind](whole)) if (key.length > 1) keys.add(key);
  for (const key of [...keys]) for (const synonym of synonymsOf(key, kind)) keys.add(synonym);
  return keys;
}

/** A name without its words for a side of the body, so that "fracture of left ankle" meets "fracture of right ankle" and the sides can differ. */
export function withoutSide(key: string): string {
  const known = sideless.get(key);
  if (known !== undefined) return known;
  const bare = sidelessOf(key);
  if (sideless.size >= CACHED) sideless.clear();
  sideless.set(key, bare);
  return bare;
}

const sideless = new Map<string, string>();

function sidelessOf(key: string): string {
  return key
    .replace(/\b(?:left and right|right and left|left|right|bilateral(?:ly)?|both)\b/g, ' ')
    .replace(/\(\s*\)/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/ ,/g, ',')
    .trim();
}

/** The strength that stands in the name of a product with one ingredient ("lisinopril 10 MG Oral Tablet": 10 mg); undefined for concentrations and combinations. */
export function strengthIn(display: string): { value: string; unit: string } | undefined {
  const key = nameKey(display);
  if (/\d\s*[a-z[\]]+\s*\/(?!actuat)/.test(key) || / \/ /.test(key)) return undefined;
  const found = [...key.matchAll(/(?:^|\s)(\d+(?:,\d{3})*(?:\.\d+)?)\s*(mg|mcg|ug|µg|g|unt|units?|meq|iu)\b/g)];
  const only = found[0];
  if (only === undefined || found.length !== 1) return undefined;
  return { value: only[1]!.replaceAll(',', ''), unit: only[2] === 'unt' ? 'unit' : only[2]! };
}

const TAG =
  /\s*\((?:disorder|finding|procedure|situation|qualifier value|physical object|morphologic abnormality|observable entity|substance|event|regime\/therapy|person|product|medicinal product|clinical drug|record artifact|context-dependent category|navigational concept|body structure|environment|organism|occupation|assessment scale|specimen|attribute)\)$/;

const shorter: Record<NameKind, (key: string) => string[]> = {
  result: shorterResult,
  drug: shorterDrug,
  problem: shorterProblem,
  allergy: (key) => [substanceName(key)],
  procedure: (key) => [key.replace(/\bx-?ray\b/, 'x-ray')],
  vaccine: (key) => [
    key.replace(/,? ?(?:seasonal, )?injectable,? preservative free$/, '').replace(/ vaccine$/, ''),
    key.split(',')[0]!.replace(/ vaccine$/, ''),
  ],
  other: () => [],
};

/** LOINC's "Analyte [Property] in Specimen by Method": a person says the analyte, and the specimen where it is not blood. */
function shorterResult(key: string): string[] {
  const bare = key
    .replace(/\s*\[[^\]]*\]/g, '')
    .replace(/ by [^/]*$/, '')
    .replace(/ \((?:calculated|measured|direct|estimated)\)$/, '');
  const parts =
    /^(.+?)(?: (?:in|of) (serum or plasma|serum, plasma or blood|serum|plasma|blood|arterial blood|capillary blood|venous blood|urine|stool|respiratory specimen|cerebral spinal fluid|body fluid))?$/.exec(
      bare,
    );
  const analyte = parts?.[1] ?? bare;
  const specimen = parts?.[2];
  // "Total score [MMSE]" and "Total score [AUDIT-C]" are told apart by the bracket alone.
  if (/^(?:total )?score$|^(?:status|finding|level|count|total)$/.test(analyte)) return [];
  const blood = specimen === undefined || /serum|plasma|blood/.test(specimen);
  if (blood) return [bare, analyte, ...(specimen ? [`${specimen} ${analyte}`] : [])];
  return [bare, `${specimen} ${analyte}`, `${analyte} ${specimen}`];
}

const FORM =
  /\b(?:nda\d+|abuse-deterrent|drug implant|mucosal|buccal|sublingual|film|ring|autoinjector|dry|actuation|\d+ (?:hr|day|ml|actuat)|24hr|extended release|delayed release|sustained release|er|xr|sr|dr|oral|topical|ophthalmic|nasal|rectal|vaginal|inhalation|injectable|chewable|disintegrating|tablets?|tabs?|capsules?|caps?|solution|suspension|injection|prefilled|syringe|cream|ointment|gel|patch|inhaler|inhalant|powder|pack|auto-injector|pen|cartridge|liquid|lotion|spray|drops?|metered dose|transdermal|system|intrauterine|implant|kit|product|pill|hfa)\b/g;
const SALT =
  / (?:hydrochloride|hydrobromide|hcl|succinate|tartrate|sodium|potassium|calcium|magnesium|sulfate|maleate|acetate|fumarate|besylate|mesylate|citrate|phosphate|bitartrate|furoate|propionate|monohydrate|trihydrate|dipropionate|medoxomil|nitrate|gluconate)$/;

/** RxNorm's "Ingredient Strength Form [Brand]": a person says the ingredient or the brand. */
function shorterDrug(key: string): string[] {
  const brand = /\[([^\]]+)\]/.exec(key)?.[1];
  const parts = key
    .replace(/\[[^\]]*\]/g, ' ')
    .split(' / ')
    .map((part) =>
      part
        .replace(
          /\b\d[\d.,]*\s*(?:mg|mcg|ug|µg|g|unt|units?|meq|iu|ml|%|actuat)(?:\/(?:\d[\d.]*\s*)?(?:mg|ml|actuat|hr|g|unt|l))?(?=\s|$)/g,
          ' ',
        )
        .replace(FORM, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((part) => part !== '');
  const joined =
    parts.length > 1
      ? [parts.join(' / '), parts.join('-'), parts.join(' and '), parts.map(bareSalt).join('-'), parts.map(bareSalt).join(' / ')]
      : parts;
  const bare = parts.length === 1 ? [bareSalt(parts[0]!)] : [];
  return [...joined, ...bare, ...(brand === undefined ? [] : [brand])];
}

function bareSalt(name: string): string {
  let bare = name;
  for (let again = bare.replace(SALT, ''); again !== bare; again = bare.replace(SALT, '')) bare = again;
  return bare;
}

function shorterProblem(key: string): string[] {
  const inverted = /^([^,]+), (.+)$/.exec(key);
  return [key.replace(/ mellitus\b/, ''), key.replace(/ \[[^\]]*\]$/, ''), ...(inverted ? [key.replace(/, unspecified$/, '')] : [])];
}
