import { type Claim, Quantity } from '../../core/claim.ts';
import { substanceName } from '../../core/phrase.ts';
import type { ChartIndex } from './chart-index.ts';
import { readRate, routeOf, sameRate } from './directions.ts';
import { nameKey } from './names.ts';
import { compareQuantities } from './quantity.ts';

/** Whether two claims say the same: names as names, codes left aside, and no difference where the English has none. */
export function sameClaim(a: Claim, b: Claim): boolean {
  return canonical(normal(a)) === canonical(normal(b));
}

/** Whether a writer's claim may stand beside what was read: same kind, names of the same entries, and nothing that both state differs. */
export function agrees(given: Claim, read: Claim, index: ChartIndex): boolean {
  const [a, b] = [normal(given), normal(read)];
  if (a['kind'] !== b['kind']) return false;
  return Object.keys(a).every((key) => a[key] === undefined || b[key] === undefined || sameField(key, a[key], b[key], index));
}

function sameField(key: string, a: unknown, b: unknown, index: ChartIndex): boolean {
  if (canonical(a) === canonical(b)) return true;
  if (typeof a === 'string' && typeof b === 'string') {
    if (NAMES.has(key)) return sameEntries(a, b, index);
    if (DATES.has(key)) return a.startsWith(b) || b.startsWith(a);
    if (key === 'route') return routeOf(a) === routeOf(b);
    const [one, other] = [readRate(a), readRate(b)];
    return key === 'frequency' && one !== undefined && other !== undefined && one.asNeeded === other.asNeeded && sameRate(one, other);
  }
  const [one, other] = [Quantity.safeParse(a), Quantity.safeParse(b)];
  return (
    one.success &&
    other.success &&
    (compareQuantities(other.data, one.data) === 'same' || compareQuantities(one.data, other.data) === 'same')
  );
}

/** Two names under which this chart files the same entries ("K", "Potassium"). */
function sameEntries(a: string, b: string, index: ChartIndex): boolean {
  const theirs = new Set(index.byName.get(b) ?? []);
  return (index.byName.get(a) ?? []).some((event) => theirs.has(event));
}

const NAMES = new Set(['concept', 'drug', 'substance', 'vaccine', 'condition', 'reason', 'what', 'reaction', 'about']);
const DATES = new Set(['on', 'since', 'until', 'fromOn', 'toOn', 'orderedOn', 'recordedOn', 'asOf']);

type Plain = Record<string, unknown>;

function normal(claim: Claim): Plain {
  const plain: Plain = {};
  for (const [key, value] of Object.entries(claim)) if (value !== undefined) plain[key] = tidy(key, value, claim);
  if (plain['latest'] === false) delete plain['latest'];
  if (plain['correctedFrom'] !== undefined) plain['certainty'] = 'corrected';
  if (claim.kind === 'absence' && plain['of'] === 'results') plain['of'] = 'result';
  if (claim.kind === 'result' && claim.range !== undefined && claim.range.low === undefined && claim.range.high === undefined)
    delete plain['range'];
  return plain;
}

function tidy(key: string, value: unknown, claim: Claim): unknown {
  if (typeof value === 'string') return key === 'unit' || key === 'text' || key === 'quote' ? space(value) : nameKey(value);
  if (typeof value !== 'object' || value === null) return value;
  if ('name' in value && typeof value.name === 'string') {
    if (key === 'substance') return nameKey(substanceName(space(value.name)));
    if (key === 'about')
      return nameKey(value.name)
        .replace(/^no known ?/, '')
        .replace(/ ?\ballerg(?:y|ies)\b.*$/, '');
    return nameKey(value.name);
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([name, part]) => [name, tidy(name, part, claim)]),
  );
}

function space(text: string): string {
  return text
    .replace(/[\u200b-\u200d\u2060\ufeff\u00ad]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => `${key}:${canonical(part)}`)
    .join(',')}}`;
}
