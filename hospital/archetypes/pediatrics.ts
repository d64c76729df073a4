import type { ChartBuilder } from '../chart-builder.ts';
import { referral } from '../codes.ts';
import { dayOf } from '../dates.ts';
import type { Archetype } from './archetype.ts';
import { childVaccines, wellVisitDay } from './vaccines.ts';

/** A child of three to nine: well visits, growth, vaccines, ear infections with a side, eczema and asthma. */
export const pediatrics: Archetype = {
  id: 'pediatrics',
  weight: 9,
  ages: [3, 9],
  who: 'pediatrics',
  reasons: ['Well child visit', 'Asthma follow-up'],
  tell(c) {
    const who = 'pediatrics';
    c.setBody({ systolic: 96, diastolic: 60, pulse: 98 });
    const roll = c.random.next();
    if (roll < 0.35) c.noKnownAllergies(900);
    else if (roll < 0.6) c.allergy('penicillin', 'hives', 'mild', 800);
    c.relative('mother', 'asthma', 12);
    if (c.random.chance(0.4)) c.relative('maternalGrandmother', 'diabetes', 55);
    const born = c.anchor - c.person.birth;
    childVaccines(c);
    for (const months of [12, 15, 18, 24, 36, 48, 60, 72, 84, 96, 108]) {
      const ago = born - wellVisitDay(months);
      if (ago < 30 || ago > 1800) continue;
      wellVisit(c, ago, months);
    }
    c.condition('eczema', born - 250, { who });
    const bronchiolitis = born - 280;
    if (bronchiolitis < 1800)
      c.condition('bronchiolitis', bronchiolitis, { until: bronchiolitis - 12, category: 'encounter-diagnosis', who });
    ear(c, Math.min(700, born - 500), c.pick('rightEar', 'leftEar'));
    ear(c, 64, c.pick('rightEar', 'leftEar'));
    asthma(c);
    c.draw('lead', { ago: Math.min(born - 380, 1700), who });
    c.draw('bloodCount', {
      ago: Math.min(born - 380, 1700),
      who,
      values: { hemoglobin: c.about(11.8, 0.2), mcv: c.about(79, 1), wbc: c.about(8.2, 0.5) },
    });
    const throat = c.visit({
      ...{ ago: 22, who, reason: 'Sore throat', hour: 11 },
      vitals: { ...size(c, 22), celsius: 38.1 },
      story: '2d sore throat, fever to 38.4. Drinking OK. No rash, no vomiting, no trouble breathing. Mom w/ asthma hx. Sib w/ similar sx.',
      exam: 'Alert, well hydrated. OP mild erythema, no exudate. TMs clear bilat. Lungs CTAB, no wheeze. No rash.',
      plan: ['Pharyngitis, rapid strep neg - viral, supportive care.', 'No abx. Return if worse or >5d.'],
      brief: true,
    });
    c.draw('strep', { ago: 22, who, values: { strep: 'Negative' }, during: throat });
    c.draw('bloodCount', {
      ago: 12,
      who,
      course: c.pick('plain', 'preliminary'),
      values: { hemoglobin: c.about(10.4, 0.15), mcv: c.about(71.5, 0.6), wbc: c.about(7.6, 0.4) },
    });
    c.pending('referral', referral('Referral to audiology'), 50, who, 'Hearing check after recurrent ear infections', 30);
  },
};

/** Median size by age (rounded from the WHO and CDC growth charts), the same centile for one child throughout. */
function size(
  c: ChartBuilder,
  ago: number,
): { kilograms: number; centimetres: number; systolic: number; diastolic: number; pulse: number; breaths: number } {
  const years = (c.anchor - ago - c.person.birth) / 365.25;
  const table: [number, number, number][] = [
    [0.5, 7.6, 67],
    [1, 9.6, 75],
    [1.5, 10.9, 82],
    [2, 12.2, 87],
    [3, 14.3, 95],
    [4, 16.3, 102],
    [5, 18.4, 109],
    [6, 20.7, 115],
    [7, 23.1, 121],
    [8, 25.8, 127],
    [9, 28.9, 133],
    [10, 32.2, 138],
  ];
  const next = table.findIndex(([age]) => age >= years);
  const upper = table[next === -1 ? table.length - 1 : next] ?? [10, 32, 138];
  const lower = table[Math.max(0, next - 1)] ?? upper;
  const share = upper[0] === lower[0] ? 0 : Math.max(0, Math.min(1, (years - lower[0]) / (upper[0] - lower[0])));
  const centile = 0.94 + (Number(c.person.mrn.slice(-1)) % 7) * 0.02;
  return {
    kilograms: Math.round((lower[1] + share * (upper[1] - lower[1])) * centile * 10) / 10,
    centimetres: Math.round((lower[2] + share * (upper[2] - lower[2])) * (0.97 + (centile - 0.94) * 0.5)),
    systolic: c.random.int(88, 104),
    diastolic: c.random.int(52, 66),
    pulse: c.random.int(86, years < 4 ? 122 : 108),
    breaths: c.random.int(20, years < 4 ? 28 : 24),
  };
}

function wellVisit(c: ChartBuilder, ago: number, months: number): void {
  const years = months < 24 ? `${months} mo` : `${Math.floor(months / 12)} yr`;
  const body = size(c, ago);
  c.visit({
    ...{ ago, who: 'pediatrics', reason: 'Well child visit', vitals: body },
    story: `${years} WCC w/ parent. ${months < 30 ? 'Walking, several words, eats table foods' : months < 66 ? 'Runs, full sentences, plays w/ peers' : 'Doing well at school, plays sports, brushes teeth daily'}. Sleeps well. No concerns re hearing or vision. Stools nl.`,
    exam: 'Well appearing, interactive. RR present. TMs clear. RRR, no murmur. CTAB. Abd soft. Dry patches antecubital fossae.',
    plan: [
      `WCC - growth and development on track (wt ${body.kilograms} kg).`,
      'Eczema - emollients.',
      'Vaccines per schedule. Anticipatory guidance.',
    ],
    brief: true,
  });
}

function ear(c: ChartBuilder, ago: number, side: 'rightEar' | 'leftEar'): void {
  const who = 'pediatrics';
  const penicillin = c.allergicTo('penicillin');
  const word = side === 'rightEar' ? 'R' : 'L';
  const body = size(c, ago);
  c.visit({
    ...{ ago, who, reason: 'Ear pain and fever', vitals: { ...body, celsius: 38.6 } },
    story: `1d ${word} ear pain, fever 38.8 at home, fussy overnight. URI sx x4d. No drainage, no neck stiffness. Taking fluids.`,
    exam: `${word} TM bulging, erythematous, decreased mobility. ${word === 'R' ? 'L' : 'R'} TM clear. No mastoid tenderness. Lungs CTAB.`,
    plan: [
      `AOM ${word} - ${penicillin ? 'PCN allergic, azithromycin x5d' : 'amoxicillin 80-90 mg/kg/d x10d'}.`,
      'Acetaminophen/ibuprofen prn. Recheck if not better 48-72h.',
    ],
    brief: true,
  });
  c.condition('otitisMedia', ago, { until: ago - 14, category: 'encounter-diagnosis', site: side, who });
  const millilitres = Math.min(12, Math.max(4, Math.round((body.kilograms * 42) / 80)));
  const course = penicillin
    ? c.prescribe('azithromycinLiquid', { ago, who, ...firstDouble(body.kilograms), reason: 'otitisMedia' })
    : c.prescribe('amoxicillinLiquid', { ago, who, units: millilitres, frequency: 'twice', course: 10, reason: 'otitisMedia' });
  c.fills(course);
}

/** Azithromycin for the ear: 10 mg/kg on the first day, 5 mg/kg on four more (its US label), from 40 mg/mL. */
function firstDouble(kilograms: number): { units: number; extra: string; quantity: number; course: number } {
  const units = Math.max(1, Math.round(kilograms / 8));
  return { units, extra: `(${units * 2} mL on the first day)`, quantity: units * 6, course: 5 };
}

function asthma(c: ChartBuilder): void {
  const who = 'pediatrics';
  c.condition('asthma', 430, { who });
  const rescue = c.prescribe('albuterol', {
    ago: 430,
    who,
    units: 2,
    frequency: 'six',
    asNeeded: 'wheezing',
    reason: 'asthma',
    supplyDays: 90,
    extra: 'with spacer',
  });
  const controller = c.prescribe('fluticasone44', {
    ago: 300,
    who,
    units: 2,
    frequency: 'twice',
    extra: 'with spacer',
    reason: 'asthma',
    supplyDays: 30,
    refills: 5,
  });
  c.visit({
    ...{ ago: 430, who, reason: 'Wheezing', vitals: { ...size(c, 430), saturation: 95 } },
    story: '3rd episode of wheeze w/ colds. Night cough 2x/wk. Mother w/ asthma. No ICU, no intubation.',
    exam: 'Mild exp wheeze, no retractions. Sat 95%. Good response to albuterol.',
    plan: ['Asthma - albuterol prn w/ spacer, action plan.', 'If sx >2x/wk start ICS.'],
    brief: true,
  });
  c.visit({
    ...{ ago: 300, who, reason: 'Asthma follow-up', vitals: size(c, 300) },
    story: 'Using albuterol 3x/wk, night cough wkly. No ED visits. No smoke exposure at home.',
    exam: 'NAD. CTAB, no wheeze. No retractions.',
    plan: ['Mild persistent asthma - start fluticasone 44 mcg 2 puffs BID.', 'RTC 3 mo.'],
    brief: true,
  });
  const ago = c.random.int(70, 112);
  c.visit({
    ...{
      ago,
      who: 'emergency',
      reason: 'Asthma attack',
      kind: 'emergency',
      vitals: { ...size(c, ago), saturation: 92, breaths: 34, pulse: 132 },
    },
    story: 'Wheeze and cough x1d after URI, albuterol q3h at home w/o relief. No fever. Missed controller past 2 wk per mom.',
    exam: 'Mild subcostal retractions, diffuse exp wheeze, no crackles. Alert.',
    plan: [
      'Asthma exacerbation, moderate - 3 duonebs, dexamethasone, improved to sat 97% RA. D/c home.',
      'Restart controller daily. PCP 3-5d.',
    ],
  });
  c.fills(rescue);
  c.fills(controller, { from: 200, until: ago + 14 });
  c.takes('fluticasone44', 'Mother says given most days since the emergency visit', 22);
  if (dayOf(controller.start) > c.anchor) throw new Error('a controller cannot start after the anchor');
}
