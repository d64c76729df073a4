import type { Encounter } from '../chart.ts';
import { SYSTEM, study } from '../codes.ts';
import type { Archetype } from './archetype.ts';
import { adultBackground } from './background.ts';

/** Chronic obstructive pulmonary disease with three exacerbations, one of them in the last months. */
export const copd: Archetype = {
  id: 'copd',
  weight: 8,
  ages: [56, 80],
  who: 'pulmonary',
  reasons: ['COPD follow-up after exacerbation', 'COPD follow-up'],
  tell(c) {
    const who = 'pulmonary';
    const smoker = c.random.chance(0.45);
    c.relative('brother', 'lungCancer', 63, 66);
    // Long hypoxemia thickens the blood a little.
    c.usual('hemoglobin', c.person.sex === 'female' ? 14.4 : 15.3);
    adultBackground(c, 'primary3', smoker ? 'current' : 'former');
    c.condition('copd', 1380, { who });
    c.condition('hypertension', 1900, { who: 'primary3' });
    const hctz = c.prescribe('hydrochlorothiazide25', { ago: 1460, who: 'primary3', frequency: 'morning', reason: 'hypertension' });
    const albuterol = c.prescribe('albuterol', {
      ago: 1380,
      who,
      units: 2,
      frequency: 'six',
      asNeeded: 'wheezing or shortness of breath',
      reason: 'copd',
      supplyDays: 60,
    });
    const tiotropium = c.prescribe('tiotropium', { ago: 1380, who, reason: 'copd' });
    const first = c.random.int(52, 61);
    lungs(c, first, 1382);
    c.visit({
      ...{ ago: 1380, who, reason: 'Chronic cough and dyspnea', title: 'Consultation note' as const },
      story: `Referred for chronic productive cough and DOE. ${smoker ? 'Smokes 1 ppd x38 yr' : 'Ex-smoker, 40 pk-yr'}. FEV1 ${first}% pred, ratio 0.58. No hemoptysis, no wt loss, no night sweats.`,
      exam: 'Prolonged expiration, scattered rhonchi. No clubbing. RRR. No edema.',
      plan: [
        'COPD GOLD 2 - start tiotropium daily, albuterol prn. Inhaler technique taught.',
        smoker ? 'Tobacco use - counseled, not ready to quit.' : 'Remains tobacco free.',
        'Annual LDCT screening discussed.',
      ],
    });
    const flare = (ago: number, severe: boolean): Encounter => {
      const stay = c.visit({
        ...{
          ago,
          who: severe ? 'emergency' : 'primary3',
          reason: 'Worse cough and shortness of breath',
          kind: severe ? 'emergency' : 'office',
        },
        vitals: { saturation: severe ? 88 : 92, breaths: severe ? 26 : 21, pulse: severe ? 108 : 92, celsius: 37.4 },
        story: `${c.random.int(2, 5)}d increased dyspnea, cough w/ ${c.pick('yellow', 'green')} sputum, using albuterol q4h. No CP, no hemoptysis. Denies fever. No leg swelling.`,
        exam: 'Speaking short sentences. Diffuse exp wheeze, no crackles. No accessory muscle fatigue. No edema.',
        plan: [
          'AECOPD - prednisone 40 mg daily x5d, azithromycin x5d.',
          severe ? 'Nebs x3 w/ improvement, sat 93% RA, d/c home.' : 'Nebs in office, improved.',
          'F/u 1-2 wk.',
        ],
      });
      c.condition('copdExacerbation', ago, {
        until: ago - 12,
        category: 'encounter-diagnosis',
        who: severe ? 'emergency' : 'primary3',
        during: stay,
      });
      c.fills(
        c.prescribe('prednisone20', {
          ago,
          during: stay,
          who: severe ? 'emergency' : 'primary3',
          units: 2,
          course: 5,
          reason: 'copdExacerbation',
        }),
        { from: 130 },
      );
      c.fills(
        c.prescribe('azithromycin250', {
          ago,
          during: stay,
          who: severe ? 'emergency' : 'primary3',
          course: 5,
          quantity: 6,
          extra: '(2 tablets on the first day)',
          reason: 'copdExacerbation',
        }),
        { from: 130 },
      );
      return stay;
    };
    flare(760, false);
    flare(365, false);
    const triple = c.prescribe('fluticasoneSalmeterol', {
      ago: 350,
      who,
      frequency: 'twice',
      extra: 'and rinse mouth after use',
      reason: 'copd',
      supplyDays: 30,
      refills: 11,
    });
    lungs(c, first - 5, 352);
    c.visit({
      ...{ ago: 350, who, reason: 'COPD follow-up' },
      story: `2nd AECOPD in 13 mo. mMRC 2. Good inhaler adherence per pt. ${smoker ? 'Still smoking 1/2 ppd, now thinking of quitting.' : 'No tobacco.'} No hemoptysis.`,
      exam: 'Distant BS, no wheeze today. RRR. No edema. No clubbing.',
      plan: [
        'COPD w/ frequent exacerbations - add fluticasone-salmeterol 250/50 BID.',
        'Pulm rehab referral.',
        smoker ? 'Smoking cessation - NRT offered, declined.' : 'Cont abstinence.',
      ],
    });
    c.image('chestCt', 345, 'radiology', {
      indication: 'Lung cancer screening, low dose',
      findings:
        'Moderate centrilobular emphysema, upper lobes. 4 mm solid nodule in the right upper lobe. No effusion. No lymphadenopathy.',
      impression: 'Lung-RADS 2. 4 mm right upper lobe nodule, benign appearance. Annual screening.',
    });
    const recent = c.random.int(34, 50);
    const emergency = flare(recent, true);
    c.draw('bloodCount', {
      ago: recent,
      who: 'emergency',
      during: emergency,
      values: { wbc: c.about(12.8, 0.6) },
    });
    c.draw('basic', { ago: recent, who: 'emergency', during: emergency, course: 'duplicate', values: { bicarbonate: 30 } });
    c.image('chestXray', recent, 'radiology', {
      during: emergency,
      indication: 'Dyspnea, COPD',
      findings: 'Hyperinflation with flattened diaphragms. No focal consolidation, effusion or pneumothorax. Heart size normal.',
      impression: 'Changes of COPD. No acute infiltrate.',
    });
    c.visit({
      ...{ ago: recent - 10, who: 'primary3', reason: 'Follow-up after emergency visit', kind: 'telehealth' },
      story: 'Back to baseline. Finished steroids. Sputum clear. No fever. Using albuterol 1-2x/d.',
      plan: ['AECOPD resolved. Continue triple inhaled tx.', 'Pulm f/u booked. Repeat spirometry.'],
      brief: true,
    });
    c.draw('basic', { ago: 12, who, values: { glucose: c.about(104, 4), bicarbonate: 29 } });
    c.pending(
      'procedure',
      { system: SYSTEM.snomed, code: '127783003', display: 'Spirometry' },
      recent - 10,
      who,
      'COPD, after exacerbation',
      2,
    );
    c.pending('imaging', study('chestCt'), 20, who, 'Annual lung cancer screening, known 4 mm RUL nodule', 25);
    for (const medication of [hctz, albuterol, tiotropium]) c.fills(medication);
    c.fills(triple, { until: c.random.chance(0.5) ? 75 : 3 });
    c.takes('albuterol', 'Uses 2 puffs once or twice a day', recent - 10);
  },
};

function lungs(c: Parameters<Archetype['tell']>[0], percent: number, ago: number): void {
  c.procedure('spirometry', ago, 'pulmonary', { reason: 'copd', outcome: `FEV1 ${percent}% predicted.` });
  const value = { kind: 'score', text: String(percent), unit: '%' } as const;
  c.finding({ ago, category: 'procedure', system: SYSTEM.loinc, code: '20152-5', display: 'FEV1 percent of predicted', value });
}
