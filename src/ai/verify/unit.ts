/** A unit as a dimension with its factor to that dimension's base; temperatures also have an offset. */
export type Unit = { dimension: string; factor: number; offset: number };

/*
 * One table of the units in which charts report results and doses (UCUM, HL7 v2 habits, and what people write), so it stands in one file.
 * Factors are exact by definition (SI prefixes; 1 lb = 0.45359237 kg, 1 in = 2.54 cm, 1 mmHg = 133.322387415 Pa).
 */
const SIMPLE: Record<string, [dimension: string, factor: number]> = {
  kg: ['mass', 1000], g: ['mass', 1], gm: ['mass', 1], gram: ['mass', 1], grams: ['mass', 1], mg: ['mass', 1e-3], milligram: ['mass', 1e-3], milligrams: ['mass', 1e-3],
  ug: ['mass', 1e-6], mcg: ['mass', 1e-6], microgram: ['mass', 1e-6], micrograms: ['mass', 1e-6], ng: ['mass', 1e-9], pg: ['mass', 1e-12],
  lb: ['mass', 453.59237], lbs: ['mass', 453.59237], '[lb_av]': ['mass', 453.59237], kilograms: ['mass', 1000],
  mol: ['amount', 1], mmol: ['amount', 1e-3], umol: ['amount', 1e-6], nmol: ['amount', 1e-9], pmol: ['amount', 1e-12],
  eq: ['charge', 1], meq: ['charge', 1e-3],
  l: ['volume', 1], dl: ['volume', 0.1], ml: ['volume', 1e-3], cc: ['volume', 1e-3], ul: ['volume', 1e-6], mm3: ['volume', 1e-6], cmm: ['volume', 1e-6], fl: ['volume', 1e-15],
  iu: ['unit', 1], '[iu]': ['unit', 1], u: ['unit', 1], unit: ['unit', 1], units: ['unit', 1], unt: ['unit', 1], 'm[iu]': ['unit', 1e-3], miu: ['unit', 1e-3], mu: ['unit', 1e-3], uiu: ['unit', 1e-6], 'u[iu]': ['unit', 1e-6], 'k[iu]': ['unit', 1000], ku: ['unit', 1000], kiu: ['unit', 1000],
  s: ['time', 1], sec: ['time', 1], min: ['time', 60], minute: ['time', 60], h: ['time', 3600], hr: ['time', 3600], hour: ['time', 3600], d: ['time', 86400], day: ['time', 86400],
  m: ['length', 1], cm: ['length', 0.01], mm: ['length', 1e-3], in: ['length', 0.0254], 'in.': ['length', 0.0254], inch: ['length', 0.0254], '[in_i]': ['length', 0.0254], inches: ['length', 0.0254],
  m2: ['area', 1], 'm²': ['area', 1],
  'mm[hg]': ['pressure', 133.322387415], mmhg: ['pressure', 133.322387415], 'mm hg': ['pressure', 133.322387415], kpa: ['pressure', 1000],
  '%': ['percent', 1], percent: ['percent', 1],
  cell: ['count', 1], cells: ['count', 1], '10*3': ['count', 1e3], '10^3': ['count', 1e3], 'x10^3': ['count', 1e3], 'x10e3': ['count', 1e3], '10e3': ['count', 1e3], k: ['count', 1e3], thou: ['count', 1e3], '×10^3': ['count', 1e3],
  '10*6': ['count', 1e6], '10^6': ['count', 1e6], 'x10^6': ['count', 1e6], 'x10e6': ['count', 1e6], '10e6': ['count', 1e6], mil: ['count', 1e6], million: ['count', 1e6],
  '10*9': ['count', 1e9], '10^9': ['count', 1e9], 'x10^9': ['count', 1e9], 'x10e9': ['count', 1e9], '10*12': ['count', 1e12], '10^12': ['count', 1e12], 'x10^12': ['count', 1e12],
  tablet: ['tablet', 1], tablets: ['tablet', 1], tab: ['tablet', 1], tabs: ['tablet', 1], '{tbl}': ['tablet', 1], capsule: ['capsule', 1], capsules: ['capsule', 1], cap: ['capsule', 1], '{capsule}': ['capsule', 1],
  puff: ['puff', 1], puffs: ['puff', 1], '{puff}': ['puff', 1], drop: ['drop', 1], drops: ['drop', 1], '[drp]': ['drop', 1],
  ph: ['ph', 1], '[ph]': ['ph', 1], score: ['score', 1], '{score}': ['score', 1], '(score)': ['score', 1], nominal: ['nominal', 1], '{nominal}': ['nominal', 1], '1': ['ratio', 1], ratio: ['ratio', 1], '{ratio}': ['ratio', 1],
  osm: ['osmole', 1], mosm: ['osmole', 1e-3],
}; // biome-ignore format: one table, read as a table

const RATES = new Set([
  'bpm',
  'beats/min',
  'beats/minute',
  'breaths/min',
  'breaths/minute',
  '/min',
  '/minute',
  '{beats}/min',
  '{breaths}/min',
  'per minute',
  '1/min',
]);

const cache = new Map<string, Unit | undefined>();

/** A unit as written by a source or a person; undefined for one that is not in the table. */
export function readUnit(text: string): Unit | undefined {
  if (cache.has(text)) return cache.get(text);
  const unit = parse(text);
  if (cache.size < 5000) cache.set(text, unit);
  return unit;
}

function parse(text: string): Unit | undefined {
  const plain = text.normalize('NFKC').replace(/[μµ]/g, 'u').trim();
  const key = plain
    .toLowerCase()
    .replaceAll('**', '^')
    .replace(/\s*\/\s*/g, '/')
    .replace(/^per /, '/');
  if (RATES.has(key)) return { dimension: '/time', factor: 1 / 60, offset: 0 };
  if (/^(?:cel|°c|deg c|degc|celsius|° c|c)$/.test(key)) return { dimension: 'temperature', factor: 1, offset: 0 };
  if (/^(?:\[degf\]|°f|deg f|degf|fahrenheit|° f|f)$/.test(key)) return { dimension: 'temperature', factor: 5 / 9, offset: -160 / 9 };
  const parts = key.replace(/\/\{?1\.73[ _]?(?:m2|m²|sqm|sq m)\}?$/, '/bsa').split('/');
  let dimension = '';
  let factor = 1;
  for (const [i, part] of parts.entries()) {
    if (part === '' && i === 0) continue;
    if (part === 'bsa') {
      dimension += '/bsa';
      continue;
    }
    const simple = SIMPLE[part] ?? (i > 0 ? SIMPLE[part.replace(/\{[^}]*\}$/, '')] : annotated(part));
    if (simple === undefined) return undefined;
    dimension += i === 0 ? simple[0] : `/${simple[0]}`;
    factor = i === 0 ? factor * simple[1] : factor / simple[1];
  }
  // UCUM: "/uL" counts what is in a microlitre.
  if (dimension === '/volume') dimension = 'count/volume';
  return dimension === '' ? undefined : { dimension, factor, offset: 0 };
}

/** UCUM annotations in braces carry no dimension: `{cells}` counts, `mg{creat}` is mg. */
function annotated(part: string): [string, number] | undefined {
  if (/^\{[^}]*\}$/.test(part)) return ['count', 1];
  const bare = part.replace(/\{[^}]*\}$/, '');
  return bare === part || bare === '' ? undefined : SIMPLE[bare];
}
