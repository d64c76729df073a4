import { SYSTEM } from '../codes.ts';
import { printed } from '../lab-bench.ts';
import type { Archetype } from './archetype.ts';
import { adultBackground } from './background.ts';

/** Type 2 diabetes that drifts out of control over four years, with treatment stepped up three times. */
export const diabetes: Archetype = {
  id: 'diabetes',
  weight: 12,
  ages: [46, 72],
  who: 'primary1',
  reasons: ['Diabetes follow-up', 'Diabetes follow-up, review of A1c'],
  tell(c) {
    const who = 'primary1';
    c.setBody({ systolic: c.about(136, 4), diastolic: c.about(82, 3) });
    c.setIndex(c.about(33.5, 0.9));
    c.relative('mother', 'diabetes', 58);
    c.relative('father', c.pick('heartAttack', 'stroke'), 66, 71);
    c.condition('prediabetes', 1460, { until: 1180, who });
    c.usual('cholesterol', 222);
    c.usual('cholesterol', 176, 1150);
    c.usual('triglycerides', 178);
    c.usual('hdl', c.person.sex === 'female' ? 47 : 41);
    adultBackground(c, who);
    c.condition('hypertension', 1700, { who });
    c.condition('hyperlipidemia', 1460, { who });
    c.condition('obesity', 1700, { who });
    c.condition('type2Diabetes', 1180, { who });

    const drift = c.about(0, 0.2);
    c.draw('a1c', { ago: 1464, who, values: { a1c: 6.1 + drift } });
    const first = c.draw('a1c', { ago: 1184, who, values: { a1c: 7.3 + drift } });
    c.draw('complete', { ago: 1184, who, values: { glucose: c.about(158, 8) } });
    const lisinopril = c.prescribe('lisinopril10', { ago: 1460, who, reason: 'hypertension' });
    const metformin = c.prescribe('metformin500', { ago: 1180, who, frequency: 'twice', extra: 'with meals', reason: 'type2Diabetes' });
    const statin = c.prescribe('atorvastatin20', { ago: 1180, who, frequency: 'bedtime', reason: 'hyperlipidemia' });
    c.visit({
      ...{ ago: 1180, who, reason: 'Abnormal A1c' },
      story: `Called in for A1c ${printed(first, 'a1c')}%. ${c.pick('Some polyuria, no polydipsia', 'No polyuria or polydipsia')}. Denies blurred vision, numbness, CP. Diet high in refined carbs, little exercise.`,
      exam: 'Obese, NAD. RRR. Lungs CTAB. Feet: pulses 2+, monofilament intact bilat, no ulcers.',
      plan: [
        `New T2DM, A1c ${printed(first, 'a1c')}% - start metformin 500 mg BID, titrate as tolerated. DSME referral.`,
        'HLD - start atorvastatin 20 mg qHS for primary prevention.',
        'HTN - continue lisinopril. Goal <130/80.',
        'Eye exam referral. RTC 3 mo w/ A1c.',
      ],
    });
    c.procedure('retinalExam', 1090, 'primary2', { reason: 'type2Diabetes', outcome: 'No retinopathy.' });

    const second = c.draw('a1c', { ago: 900, who, values: { a1c: 7.6 + drift } });
    c.draw('urineAlbumin', { ago: 900, who, values: { uacr: c.about(22, 4) } });
    const metformin2 = c.change(metformin, 'metformin1000', 'A1c above goal', { ago: 896, who, frequency: 'twice', extra: 'with meals' });
    c.visit({
      ...{ ago: 896, who, reason: 'Diabetes follow-up' },
      story: `T2DM f/u. Taking metformin, mild GI upset first wk, now resolved. Home FBG 140-170. No hypoglycemia. No foot sx.`,
      exam: 'NAD. RRR. Lungs CTAB. Feet w/o lesions, sensation intact.',
      plan: [
        `T2DM - A1c ${printed(second, 'a1c')}%, above goal <7. Increase metformin to 1000 mg BID.`,
        'HLD - tolerating statin, no myalgias.',
        'RTC 4-6 mo.',
      ],
    });

    c.draw('a1c', { ago: 640, who, values: { a1c: 7.2 + drift } });
    c.draw('lipids', { ago: 640, who, values: { cholesterol: c.about(168, 6), triglycerides: c.about(172, 10) } });
    c.visit({
      ...{ ago: 637, who, reason: 'Diabetes follow-up' },
      story: 'Doing well. Walking 3x/wk. Taking meds daily. No CP, no SOB, no claudication.',
      exam: 'NAD. RRR, no murmur. Lungs clear. No edema.',
      plan: ['T2DM - improved on metformin 1000 BID, continue.', 'Annual foot exam done, nl. Eye exam due.', 'RTC 6 mo.'],
    });
    const uacr = c.draw('urineAlbumin', { ago: 420, who, values: { uacr: c.about(44, 6) } });
    const third = c.draw('a1c', { ago: 420, who, values: { a1c: 8.1 + drift } });
    c.draw('complete', { ago: 420, who, values: { glucose: c.about(182, 9) } });
    const lisinopril2 = c.change(lisinopril, 'lisinopril20', 'Albuminuria and blood pressure above goal', { ago: 415, who });
    c.visit({
      ...{ ago: 415, who, reason: 'Diabetes follow-up' },
      story:
        'Stressful yr at work, diet slipped. Misses evening metformin ~2x/wk. Occasional tingling in toes at night. No vision changes.',
      exam: 'NAD. RRR. Lungs CTAB. Feet: decreased monofilament at 2/10 sites R great toe. Pulses intact. No ulcer.',
      plan: [
        `T2DM, A1c ${printed(third, 'a1c')}% - adherence discussed. If still >8 next visit will add SGLT2i.`,
        `Microalbuminuria, UACR ${printed(uacr, 'uacr')} mg/g - increase lisinopril to 20 mg daily. BMP 2 wk.`,
        'Early neuropathy - monitor, no meds for now.',
      ],
    });
    c.condition('diabeticNeuropathy', 415, { who });
    c.draw('basic', { ago: 398, who, values: { glucose: c.about(176, 9) } });
    const fourth = c.draw('a1c', { ago: 196, who, values: { a1c: 8.6 + drift } });
    c.draw('complete', {
      ago: 196,
      who,
      values: { glucose: c.about(195, 9) },
      ...(c.random.chance(0.3)
        ? { course: 'corrected' as const, wrong: { potassium: 6.4 }, comment: 'Specimen hemolyzed; potassium repeated on new sample.' }
        : {}),
    });
    const sglt2 = c.prescribe('empagliflozin10', { ago: 192, who, frequency: 'morning', reason: 'type2Diabetes' });
    c.visit({
      ...{ ago: 192, who, reason: 'Diabetes follow-up' },
      story: `A1c now ${printed(fourth, 'a1c')}%. Adherent per pt. FBG 160-200. Denies hypoglycemia, GU sx, foot ulcer. No CP.`,
      exam: 'NAD. RRR. Lungs CTAB. Feet unchanged, no ulcer.',
      plan: [
        `T2DM uncontrolled - add empagliflozin 10 mg qAM; counseled re genital hygiene, sick day rules.`,
        'Recheck A1c, BMP, UACR in 3 mo.',
        'Annual eye exam overdue - referral re-sent.',
      ],
    });
    if (c.random.chance(0.4)) {
      c.procedure('retinalExam', 150, 'primary2', {
        reason: 'type2Diabetes',
        outcome: 'Mild nonproliferative retinopathy, no macular edema.',
      });
      c.condition('diabeticRetinopathy', 150, { who: 'primary2' });
    } else {
      c.pending(
        'referral',
        { system: SYSTEM.snomed, code: '134395001', display: 'Diabetic retinopathy screening' },
        192,
        who,
        'Annual diabetic eye exam',
        20,
      );
    }
    c.draw('a1c', { ago: 94, who, values: { a1c: 8.9 + drift } });
    c.draw('basic', { ago: 94, who, values: { glucose: c.about(188, 10) } });
    c.visit({
      ...{ ago: 90, who, reason: 'Phone follow-up', kind: 'telehealth' },
      story: 'Called pt w/ results. Reports cost issue w/ new rx, filled once. No adverse effects. No hypoglycemia.',
      plan: ['Pharmacy assistance forms mailed. Continue current regimen.', 'A1c before next visit.'],
      brief: true,
    });
    c.draw('a1c', { ago: 9, who, values: { a1c: 9.3 + drift } });
    c.draw('complete', {
      ago: 9,
      who,
      course: c.pick('plain', 'preliminary'),
      values: { glucose: c.about(214, 12), creatinine: c.about(1.02, 0.05) },
    });
    c.draw('urineAlbumin', { ago: 9, who, values: { uacr: c.about(78, 8) } });
    c.draw('lipids', { ago: 9, who, values: { cholesterol: c.about(188, 7), triglycerides: c.about(196, 12) } });
    c.pending('laboratory', { system: SYSTEM.loinc, code: '1989-3', display: 'Vitamin D, 25-hydroxy' }, 9, who, 'Fatigue');
    for (const medication of [metformin2, lisinopril2, statin]) c.fills(medication);
    c.fills(sglt2, { from: 200, until: 165 });
    c.takes('metformin1000', 'Takes twice a day, sometimes skips the evening dose', 90);
    if (c.random.chance(0.5)) c.takes('naproxen220', 'Over the counter, 1-2 tablets for knee pain, a few times a week', 90);
  },
};
