import type { ChartBuilder } from '../chart-builder.ts';
import type { ProblemKey } from '../codes.ts';
import type { ClinicianKey } from '../people.ts';

/** What any adult chart holds besides its main story: allergies (or their silence), habits, vaccines, family, old check-ups and small illnesses. */
export function adultBackground(
  c: ChartBuilder,
  who: ClinicianKey,
  smoking: 'never' | 'former' | 'current' = c.pick('never', 'never', 'former'),
): void {
  allergies(c);
  c.smoking(smoking, 1400);
  c.smoking(smoking, 60);
  vaccines(c);
  checkUp(c, who, 1460);
  checkUp(c, who, 1090);
  if (c.random.chance(0.6)) smallIllness(c, who);
  if (c.random.chance(0.08)) mistake(c);
}

function allergies(c: ChartBuilder): void {
  const roll = c.random.next();
  if (roll < 0.34) c.noKnownAllergies(1460);
  else if (roll < 0.56) return;
  else if (roll < 0.76) c.allergy('penicillin', c.pick('hives', 'rash', 'anaphylaxis'), c.pick('mild', 'moderate', 'severe'), 1460);
  else if (roll < 0.86) c.allergy('sulfonamide', 'rash', 'moderate', 1460);
  else if (roll < 0.92) c.allergy('shellfish', 'hives', 'mild', 1460);
  else if (roll < 0.96) c.allergy('codeine', 'nausea', 'mild', 1460);
  else {
    c.allergy('penicillin', 'rash', 'mild', 1460, 'refuted');
    c.allergy('latex', 'rash', 'mild', 1100);
  }
}

function vaccines(c: ChartBuilder): void {
  const flu = c.person.age >= 65 ? 'influenzaHighDose' : 'influenza';
  for (const ago of [1130, 770, 405]) if (c.random.chance(0.75)) c.vaccine(flu, ago + c.random.int(-15, 15));
  if (c.random.chance(0.6)) c.vaccine(flu, c.random.int(20, 55), c.random.chance(0.15));
  if (c.random.chance(0.7)) c.vaccine('covid', 420);
  c.vaccine('tdap', c.random.int(1200, 2400));
  if (c.person.age >= 51 && c.random.chance(0.7)) {
    c.vaccine('zoster', 900);
    c.vaccine('zoster', 810);
  }
  if (c.person.age >= 66) c.vaccine('pneumococcal20', c.random.int(300, 1000));
}

function checkUp(c: ChartBuilder, who: ClinicianKey, ago: number): void {
  c.draw('lipids', { ago: ago + 4, who });
  c.draw('bloodCount', { ago: ago + 4, who });
  const encounter = c.visit({
    ...{ ago, who, reason: 'Annual physical', hour: c.random.int(9, 14) },
    story: c.pick(
      'Here for annual exam. No new complaints. Denies CP, SOB, palpitations, abd pain, or change in bowel habits. Sleeping OK.',
      'Presents for yearly physical. Feels well overall. No fever, no wt loss, no HA. ROS o/w neg.',
    ),
    exam: 'NAD. HEENT nl. Neck supple, no LAD. RRR, no m/r/g. Lungs CTAB. Abd soft, NT/ND. No LE edema. Neuro grossly intact.',
    plan: ['Health maintenance - labs reviewed w/ pt, immunizations updated.', 'RTC 1 yr or sooner prn.'],
  });
  if (c.random.chance(0.5)) c.score('PHQ-9 total score', '44261-6', c.random.int(0, 3), ago, encounter);
}

function smallIllness(c: ChartBuilder, who: ClinicianKey): void {
  const ago = c.random.int(420, 1000);
  const [key, reason, story, plan] = c.pick<[ProblemKey, string, string, string[]]>(
    [
      'upperRespiratory',
      'Cough and congestion',
      'C/o 4d nasal congestion, sore throat, dry cough. No fever, no SOB. Sick contacts at home.',
      ['URI, likely viral - supportive care, fluids. No abx indicated.', 'Return if fever >38.5 or sx >10d.'],
    ],
    [
      'ankleSprain',
      'Ankle injury',
      'Rolled ankle on stairs 2d ago. Able to bear wt. No numbness. Swelling laterally.',
      ['Ankle sprain - RICE, ibuprofen OTC prn. No fx by Ottawa rules.', 'F/u prn.'],
    ],
    [
      'cellulitis',
      'Red, swollen shin',
      'Redness and warmth over shin x3d after scrape. No fever or chills. No purulence.',
      ['Cellulitis, mild - treated w/ oral abx, elevate leg, mark margins.', 'Recheck 48h; ED if spreading.'],
    ],
  );
  c.visit({ ago, who, reason, story, exam: 'NAD, afebrile. Focused exam as above.', plan, brief: true });
  c.condition(key, ago, { until: ago - 14, category: 'encounter-diagnosis', who });
}

/** Charts hold entries that were made in the wrong chart; they stay, marked, and must never count. */
function mistake(c: ChartBuilder): void {
  const key = c.pick<ProblemKey>('gout', 'pulmonaryEmbolism', 'osteoporosis');
  if (c.chart.conditions.some((condition) => condition.key === key)) return;
  c.condition(key, 260, { certainty: 'entered-in-error', note: 'Entered in wrong chart.' });
}
