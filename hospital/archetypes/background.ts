import type { ChartBuilder } from '../chart-builder.ts';
import type { ProblemKey, ReactionKey } from '../codes.ts';
import type { ClinicianKey } from '../people.ts';
import { adultVaccines } from './vaccines.ts';

/** What any adult chart holds besides its main story: allergies (or their silence), habits, vaccines, family, old check-ups and small illnesses. */
export function adultBackground(
  c: ChartBuilder,
  who: ClinicianKey,
  smoking: 'never' | 'former' | 'current' = c.pick('never', 'never', 'former'),
): void {
  allergies(c);
  c.smoking(smoking, 1400);
  c.smoking(smoking, 60);
  adultVaccines(c);
  checkUp(c, who, 1460 + c.random.int(-20, 20));
  checkUp(c, who, 1090 + c.random.int(-20, 20));
  if (c.random.chance(0.6)) smallIllness(c, who);
  if (c.random.chance(0.08)) mistake(c);
}

function allergies(c: ChartBuilder): void {
  const roll = c.random.next();
  if (roll < 0.34) c.noKnownAllergies(1460);
  else if (roll < 0.56) return;
  else if (roll < 0.76) {
    const reaction = c.pick<ReactionKey>('hives', 'rash', 'anaphylaxis');
    c.allergy('penicillin', reaction, reaction === 'anaphylaxis' ? 'severe' : c.pick('mild', 'moderate'), 1460);
  } else if (roll < 0.86) c.allergy('sulfonamide', 'rash', 'moderate', 1460);
  else if (roll < 0.92) c.allergy('shellfish', 'hives', 'mild', 1460);
  else if (roll < 0.96) c.allergy('codeine', 'nausea', 'mild', 1460);
  else {
    c.allergy('penicillin', 'rash', 'mild', 1460, 'refuted');
    c.allergy('latex', 'rash', 'mild', 1100);
  }
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
      ['Cellulitis, mild - cephalexin 500 mg q6h x5d, elevate leg, mark margins.', 'Recheck 48h; ED if spreading.'],
    ],
  );
  // No cephalosporin where penicillin is said to harm.
  if (key === 'cellulitis' && c.chart.allergies.some((entry) => entry.allergen === 'penicillin')) return;
  c.visit({ ago, who, reason, story, exam: 'NAD, afebrile. Focused exam as above.', plan, brief: true });
  c.condition(key, ago, { until: ago - 14, category: 'encounter-diagnosis', who });
  if (key === 'cellulitis') c.prescribe('cephalexin500', { ago, who, frequency: 'six', course: 5, reason: 'cellulitis' });
}

/** Charts hold entries that were made in the wrong chart; they stay, marked, and must never count. */
function mistake(c: ChartBuilder): void {
  const key = c.pick<ProblemKey>('gout', 'pulmonaryEmbolism', 'osteoporosis');
  if (c.chart.conditions.some((condition) => condition.key === key)) return;
  c.condition(key, 260, { certainty: 'entered-in-error', note: 'Entered in wrong chart.' });
}
