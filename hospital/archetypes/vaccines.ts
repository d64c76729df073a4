import type { ChartBuilder } from '../chart-builder.ts';
import type { VaccineKey } from '../codes.ts';
import { ageOn, type Day, isoDate, parseDay } from '../dates.ts';

/** Influenza vaccine is given from mid-September, when clinics have it, to mid-November. */
const SEASON_DAYS = 60;
/** From 2024-25 all influenza vaccines in the US are trivalent (MMWR Recomm Rep 2024;73(5)). */
const TRIVALENT_SINCE = 2024;
/** PCV20 for children (MMWR 2023;72:1072). */
const PCV20_FOR_CHILDREN: Day = parseDay('2023-09-22');

/** The seasons that have begun before the anchor, newest first, each by the year it begins in. */
function seasons(c: ChartBuilder, count: number): number[] {
  const year = Number(isoDate(c.anchor).slice(0, 4));
  const newest = opening(year) < c.anchor - 7 ? year : year - 1;
  return Array.from({ length: count }, (_, index) => newest - index);
}

function opening(year: number): Day {
  return parseDay(`${year}-09-14`);
}

function flu(c: ChartBuilder, year: number, more: { after?: Day; within?: number; refused?: boolean } = {}): Day {
  const first = more.after ?? opening(year);
  const day = Math.min(first + c.random.int(0, more.within ?? SEASON_DAYS), c.anchor - 3);
  const high = ageOn(c.person.birth, day) >= 65;
  const kind: VaccineKey =
    year >= TRIVALENT_SINCE ? (high ? 'influenzaHighDoseTrivalent' : 'influenzaTrivalent') : high ? 'influenzaHighDose' : 'influenza';
  c.vaccine(kind, c.anchor - day, { refused: more.refused ?? false });
  return day;
}

/** An adult's vaccines of the last years by the CDC schedule, with the gaps and refusals that charts have. */
export function adultVaccines(c: ChartBuilder): void {
  const [now = 0, ...earlier] = seasons(c, 4);
  for (const year of earlier) if (c.random.chance(0.75)) flu(c, year);
  if (c.random.chance(0.6)) flu(c, now, { refused: c.random.chance(0.15) });
  if (c.random.chance(0.7)) c.vaccine('covid', c.random.int(370, 430));
  c.vaccine('tdap', c.random.int(1200, 2400));
  // Two doses from 50 years on, two to six months apart.
  const zoster = c.random.int(700, 1300);
  if (ageOn(c.person.birth, c.clinicDay(zoster)) >= 50 && c.random.chance(0.7)) {
    c.vaccine('zoster', zoster);
    c.vaccine('zoster', zoster - c.random.int(70, 160));
  }
  const since65 = c.anchor - c.person.birth - Math.ceil(65 * 365.25);
  if (since65 > 40) c.vaccine('pneumococcal20', Math.min(c.random.int(300, 1000), since65 - 30));
}

/** The day of life of a well visit at so many months. */
export function wellVisitDay(months: number): number {
  return Math.round(months * 30.44) + 6;
}

/** A child's vaccines by the CDC schedule, each at a well visit (months of age); influenza in its season, twice in the first. */
export function childVaccines(c: ChartBuilder): void {
  const schedule: [VaccineKey, number[]][] = [
    ['hepatitisB', [2, 6]],
    ['rotavirus', [2, 4]],
    ['dtap', [2, 4, 6, 15, 48]],
    ['hib', [2, 4, 12]],
    ['pneumococcal13', [2, 4, 6, 12]],
    ['polio', [2, 4, 6, 48]],
    ['mmr', [12, 48]],
    ['varicella', [12, 48]],
    ['hepatitisA', [12, 24]],
  ];
  const born = c.anchor - c.person.birth;
  c.vaccine('hepatitisB', born - 1, { inHospital: true });
  for (const [kind, visits] of schedule) {
    for (const months of visits) {
      const ago = born - wellVisitDay(months);
      if (ago <= 8) continue;
      c.vaccine(kind === 'pneumococcal13' && c.clinicDay(ago) >= PCV20_FOR_CHILDREN ? 'pneumococcal20' : kind, ago);
    }
  }
  const [now = 0, ...earlier] = seasons(c, c.person.age + 2);
  const years = earlier.reverse().filter((year) => opening(year) - c.person.birth > 183);
  for (const [index, year] of years.entries()) {
    const first = flu(c, year, index === 0 ? { within: 20 } : {});
    if (index === 0) flu(c, year, { after: first + 30, within: 10 });
  }
  if (c.random.chance(0.6)) flu(c, now);
}
