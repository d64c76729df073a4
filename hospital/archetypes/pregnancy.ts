import { SYSTEM } from '../codes.ts';
import { printed } from '../lab-bench.ts';
import type { Archetype } from './archetype.ts';
import { adultBackground } from './background.ts';

/** A pregnancy in its third trimester with gestational diabetes and blood pressure that has begun to rise. */
export const pregnancy: Archetype = {
  id: 'pregnancy',
  weight: 7,
  sex: 'female',
  ages: [23, 40],
  who: 'obstetrics',
  reasons: ['Prenatal visit'],
  tell(c) {
    const who = 'obstetrics';
    // From 33 weeks on, so that the visit at which blood pressure first rose has been.
    const weeks = c.random.int(33, 36);
    const beganAgo = weeks * 7;
    const age = (ago: number): string => {
      const days = c.clinicDay(ago) - c.day(beganAgo);
      return `${Math.floor(days / 7)}w${days % 7}d`;
    };
    c.setBody({ systolic: c.about(110, 3), diastolic: c.about(68, 2), pulse: c.about(82, 3) });
    c.setWeight(c.about(68, 6));
    c.relative('mother', 'diabetes', 49);
    c.relative('sister', 'preeclampsia', 31);
    // Pregnancy dilutes, and compensates a fast breath; white cells rise.
    c.usual('wbc', 9.4, beganAgo - 84);
    c.usual('sodium', 137, beganAgo - 84);
    c.usual('bicarbonate', 22, beganAgo - 84);
    c.usual('calcium', 8.9, beganAgo - 84);
    c.usual('protein', 6.3, beganAgo - 84);
    adultBackground(c, 'primary1', 'never');
    c.condition('pregnancy', beganAgo - 40, { who });
    c.finding({
      ...{ ago: beganAgo - 58, category: 'exam', system: SYSTEM.loinc, code: '11778-8', display: 'Expected delivery date' },
      value: { kind: 'date', day: c.day(beganAgo) + 280 },
    });
    const gravida = c.pick('G1P0', 'G2P1001', 'G3P1011');
    const folate = c.prescribe('folicAcid1', { ago: beganAgo - 42, who });
    c.draw('bloodGroup', { ago: beganAgo - 56, who, values: { bloodGroup: c.pick('O Rh positive', 'A Rh positive', 'B Rh positive') } });
    c.draw('bloodCount', { ago: beganAgo - 56, who, values: { hemoglobin: c.about(12.8, 0.2) } });
    c.draw('urineCulture', { ago: beganAgo - 56, who, values: { urineCulture: 'No growth' } });
    c.draw('thyroid', { ago: beganAgo - 56, who, values: { tsh: c.about(1.4, 0.2) } });
    c.draw('a1c', { ago: beganAgo - 56, who, values: { a1c: c.about(5.4, 0.1) } });
    c.visit({
      ...{ ago: beganAgo - 58, who, reason: 'First prenatal visit', title: 'Consultation note' as const },
      story: `${gravida}, ${age(beganAgo - 58)} by LMP c/w US. N/V of pregnancy, tolerating fluids. No VB, no cramping. Denies tobacco, EtOH, drugs.`,
      exam: 'NAD. RRR. CTAB. Abd soft. FHT 160s by US.',
      plan: [
        'IUP - prenatal labs sent, folic acid, dating US done.',
        'N/V - diet advice, B6 OTC.',
        'Sister w/ pre-eclampsia; low-dose ASA from 12 wk.',
        'RTC 4 wk.',
      ],
    });
    c.condition('hyperemesis', beganAgo - 50, { until: beganAgo - 100, who });
    const aspirin = c.prescribe('aspirin81', { ago: beganAgo - 86, who, frequency: 'bedtime', reason: 'pregnancy' });
    c.image('fetalUltrasound', beganAgo - 141, 'radiology', {
      indication: 'Anatomy survey',
      findings: `Single live intrauterine pregnancy, ${age(beganAgo - 141)}. Normal four-chamber heart, spine, kidneys and stomach. Placenta anterior, no previa. Amniotic fluid normal.`,
      impression: 'Normal anatomy survey. No anomaly seen. Growth appropriate.',
    });
    for (let week = 12; week < weeks; week += week >= 28 ? 2 : 4) {
      const ago = beganAgo - week * 7;
      c.setWeight(c.weight() + (week >= 28 ? 0.9 : 1.6));
      c.visit({
        ...{ ago, who, reason: 'Prenatal visit' },
        vitals: { systolic: Math.round(c.about(week > 31 ? 134 : 112, 3)), diastolic: Math.round(c.about(week > 31 ? 84 : 70, 2)) },
        story: `${gravida} at ${age(ago)}. ${week >= 18 ? 'Good FM. ' : ''}No VB, LOF, or ctx. ${week > 31 ? 'Mild HA last wk, resolved w/ acetaminophen; no visual sx, no RUQ pain.' : 'No HA or swelling.'}`,
        exam: `FHT ${c.random.int(134, 156)}. ${week >= 20 ? `FH ${week + c.random.int(-1, 1)} cm. ` : ''}Edema none.`,
        plan: [
          `IUP ${age(ago)} - routine care.`,
          week === 24
            ? '1-h glucose challenge and CBC next wk.'
            : week > 31
              ? 'BP up from baseline - preE labs, home BP log, precautions given.'
              : 'Next labs per schedule.',
          ...(week >= 28 ? ['GDM A1 - home fasting glucose 82-94 mostly, continue diet.'] : []),
          `RTC ${week >= 28 ? 2 : 4} wk.`,
        ],
        brief: week > 12,
      });
    }
    const challengeAgo = beganAgo - 25 * 7;
    const challenge = c.draw('glucoseChallenge', { ago: challengeAgo, who, values: { glucoseChallenge: c.about(171, 8) } });
    c.draw('bloodCount', { ago: challengeAgo, who, values: { hemoglobin: c.about(10.7, 0.2), mcv: c.about(80, 1) } });
    c.condition('gestationalDiabetes', challengeAgo - 8, { who });
    c.condition('ironDeficiencyAnemia', challengeAgo - 8, { who });
    const iron = c.prescribe('ferrousSulfate325', { ago: challengeAgo - 8, who, reason: 'ironDeficiencyAnemia' });
    c.visit({
      ...{ ago: challengeAgo - 8, who, reason: 'Phone follow-up', kind: 'telehealth' },
      story: `1-h glucose ${printed(challenge, 'glucoseChallenge')}, 3-h GTT abnl x2. Mother w/ T2DM; pt no prior DM. Good FM.`,
      plan: ['GDM - nutrition referral, QID glucose checks, A1 for now.', 'IDA - ferrous sulfate daily.'],
      brief: true,
    });
    c.vaccine('tdap', beganAgo - 28 * 7);
    c.image('fetalUltrasound', Math.max(10, beganAgo - 29 * 7), 'radiology', {
      indication: 'Growth, gestational diabetes',
      findings: 'Cephalic. EFW at the 68th percentile. AC 72nd percentile. AFI 14 cm. Umbilical artery Doppler normal.',
      impression: 'Appropriate growth. Normal fluid. No evidence of growth restriction.',
    });
    c.draw('complete', {
      ago: 5,
      who,
      values: {
        alt: c.about(24, 3),
        ast: c.about(22, 2),
        creatinine: c.about(0.62, 0.03),
        glucose: c.about(98, 4),
        albumin: c.about(3.3, 0.1),
        alp: c.about(138, 8),
      },
    });
    c.draw('bloodCount', {
      ago: 5,
      who,
      course: 'corrected',
      wrong: { platelets: 88 },
      values: { platelets: c.about(176, 8), hemoglobin: c.about(11.2, 0.2) },
      comment: 'Platelet clumping on first sample; repeated in citrate.',
    });
    c.pending(
      'laboratory',
      { system: SYSTEM.loinc, code: '2889-4', display: 'Protein, 24 hour urine' },
      5,
      who,
      'Blood pressure above baseline',
    );
    if (weeks >= 35)
      c.pending('laboratory', { system: SYSTEM.loinc, code: '6463-4', display: 'Group B strep culture' }, 3, who, 'Routine at 36 weeks', 7);
    for (const medication of [folate, aspirin, iron]) c.fills(medication);
    if (c.random.chance(0.4)) c.condition('gestationalHypertension', 5, { who, certainty: 'provisional' });
    c.takes('acetaminophen500', 'One tablet for headache last week, two doses in all', 5, { status: 'completed' });
  },
};
