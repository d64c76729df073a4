import type { Archetype } from './archetypes/archetype.ts';
import { archetypes } from './archetypes/index.ts';
import type { Chart } from './chart.ts';
import { ChartBuilder } from './chart-builder.ts';
import { SYSTEM } from './codes.ts';
import { at, type Day, dayOf } from './dates.ts';
import { inLabFeed } from './lab-feed.ts';
import { panels } from './labs.ts';
import { inventPerson, mrnOf } from './people.ts';
import { randomFrom } from './random.ts';

/** The nth patient of a hospital. It depends on seed, anchor and n alone, so a larger hospital begins with the smaller one. */
export function patientChart(seed: number, index: number, anchor: Day): Chart {
  const random = randomFrom(`${seed}/${index}`);
  const archetype = archetypeOf(index, random.next());
  const sex = archetype.sex ?? (random.chance(0.52) ? 'female' : 'male');
  const age = random.int(archetype.ages[0], archetype.ages[1]);
  const person = inventPerson({ mrn: mrnOf(seed, index), sex, age, anchor, random });
  const builder = new ChartBuilder(person, archetype.id, anchor, random);
  archetype.tell(builder);
  closeOrders(builder.chart);
  book(builder, archetype, index);
  inTimeOrder(builder.chart);
  return builder.chart;
}

function archetypeOf(index: number, chance: number): Archetype {
  const first = archetypes[index];
  if (first) return first;
  const total = archetypes.reduce((sum, archetype) => sum + archetype.weight, 0);
  let left = chance * total;
  for (const archetype of archetypes) {
    left -= archetype.weight;
    if (left < 0) return archetype;
  }
  throw new Error('weights must add up');
}

/** Results that the laboratory feed brings were ordered in the EHR; those orders are done, the ones without a result stay open. */
function closeOrders(chart: Chart): void {
  for (const report of chart.reports) {
    if (!inLabFeed(chart, report.resulted)) continue;
    const panel = panels[report.panel];
    chart.orders.push({
      ...{
        number: report.number,
        at: report.drawn - 20,
        who: report.who,
        category: 'laboratory',
        status: report.course === 'withdrawn' ? 'revoked' : 'completed',
        report,
      },
      code: { system: SYSTEM.loinc, code: panel.loinc, display: panel.name },
    });
  }
}

/** Tomorrow's clinic for most, in slots of 20 minutes from 09:00 to 17:00; now and then a visit later today. */
function book(builder: ChartBuilder, archetype: Archetype, index: number): void {
  const { random, anchor } = builder;
  const tomorrow = random.chance(0.85);
  const today = random.chance(0.1);
  const reason = random.pick(archetype.reasons);
  if (tomorrow || index < archetypes.length) {
    const start = at(anchor + 1, 9) + ((index * 7) % 24) * 20;
    builder.appointment({ start, end: start + 20, who: archetype.who, reason });
  }
  if (today) {
    const start = at(anchor, 13) + ((index * 5) % 12) * 20;
    builder.appointment({ start, end: start + 20, who: archetype.who, reason: 'Nurse visit' });
  }
}

function inTimeOrder(chart: Chart): void {
  chart.encounters.sort((a, b) => a.start - b.start || a.number - b.number);
  chart.notes.sort((a, b) => a.at - b.at || a.encounter.number - b.encounter.number);
  chart.vitals.sort((a, b) => a.at - b.at || a.encounter.number - b.encounter.number);
  chart.reports.sort((a, b) => a.resulted - b.resulted || a.number - b.number);
  chart.medications.sort((a, b) => a.start - b.start || a.number - b.number);
  chart.conditions.sort((a, b) => a.onset - b.onset || compare(a.key, b.key));
  chart.findings.sort((a, b) => a.at - b.at || compare(a.display, b.display));
  chart.immunizations.sort((a, b) => a.at - b.at || compare(a.kind, b.kind));
  chart.orders.sort((a, b) => a.at - b.at || a.number - b.number);
  chart.fills.sort((a, b) => a.day - b.day || a.medication.number - b.medication.number);
  chart.fills.forEach((fill, index) => {
    fill.number = index + 1;
  });
  const future = chart.encounters.find((encounter) => dayOf(encounter.end) > chart.anchor);
  if (future) throw new Error(`an encounter of ${chart.archetype} ends after the anchor`);
}

/** Plain code-unit order: no locale takes part in what a seed produces. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
