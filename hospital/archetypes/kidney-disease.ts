import { referral, SYSTEM } from '../codes.ts';
import { printed } from '../lab-bench.ts';
import { creatinineFor } from '../labs.ts';
import type { Archetype } from './archetype.ts';
import { adultBackground } from './background.ts';

/** Chronic kidney disease that loses about 5 mL/min a year, with potassium, anemia and bone-mineral consequences. */
export const kidneyDisease: Archetype = {
  id: 'chronic-kidney-disease',
  weight: 8,
  ages: [55, 82],
  who: 'nephrology',
  reasons: ['Kidney disease follow-up', 'CKD follow-up, labs review'],
  tell(c) {
    const who = 'nephrology';
    c.setBody({ systolic: c.about(141, 4), diastolic: c.about(80, 3) });
    c.relative('father', 'kidneyFailure', 61, 68);
    // The check-ups of those years saw the same anemia.
    const female = c.person.sex === 'female';
    c.usual('hemoglobin', female ? 12.7 : 13.2);
    c.usual('hemoglobin', female ? 12.2 : 12.7, 1120);
    adultBackground(c, 'primary2');
    c.condition('hypertension', 3600, { who: 'primary2' });
    const creatinine = (rate: number): number => creatinineFor(c.about(rate, 0.4), c.person.age, c.person.sex);
    c.condition('ckd3a', 1300, { until: 720, who });
    c.condition('ckd3b', 720, { until: 100, who });
    c.condition('ckd4', 100, { who });
    const losartan = c.prescribe('losartan50', { ago: 1460, who: 'primary2', reason: 'hypertension' });
    const amlodipine = c.prescribe('amlodipine5', { ago: 1090, who: 'primary2', reason: 'hypertension' });
    const statin = c.prescribe('atorvastatin20', { ago: 1300, who, frequency: 'bedtime' });

    // Days ago, eGFR, potassium, hemoglobin.
    const path: [number, number, number, number][] = [
      [1303, 54, 4.6, 13.0],
      [1010, 49, 4.7, 12.6],
      [722, 41, 4.9, 12.1],
      [510, 37, 4.8, 11.6],
      [330, 34, 5.0, 11.2],
      [215, 32, 5.2, 10.9],
    ];
    for (const [ago, rate, potassium, hemoglobin] of path) {
      const report = c.draw('complete', {
        ago,
        who,
        values: {
          creatinine: creatinine(rate),
          potassium: c.about(potassium, 0.08),
          ureaNitrogen: c.about(1150 / rate, 1),
          bicarbonate: c.about(23, 0.7),
        },
      });
      c.draw('bloodCount', { ago, who, values: { hemoglobin: c.about(hemoglobin - (female ? 0.5 : 0), 0.15) } });
      const uacr = c.draw('urineAlbumin', { ago, who, values: { uacr: c.about(180 + (1303 - ago) * 0.32, 12) } });
      c.visit({
        ...{ ago: ago - 5, who, reason: 'Kidney disease follow-up' },
        story: `CKD f/u. Cr ${printed(report, 'creatinine')}, eGFR ${printed(report, 'egfr')}, UACR ${printed(uacr, 'uacr')}. ${c.pick('No LE swelling', 'Mild ankle swelling by evening')}. No dysuria, no gross hematuria. Denies NSAID use. No N/V, no pruritus.`,
        exam: 'NAD. RRR. Lungs CTAB. No CVA tenderness. No asterixis. Trace LE edema.',
        plan: [
          `CKD - eGFR ${printed(report, 'egfr')}, slow decline. Avoid NSAIDs/contrast.`,
          `K ${printed(report, 'potassium')} - ${potassium >= 5 ? 'low K diet reviewed, recheck' : 'acceptable, continue ARB'}.`,
          `Anemia of CKD - Hgb trend, ${hemoglobin < 11.5 ? 'check iron' : 'monitor'}.`,
          'HTN - goal <130/80.',
        ],
      });
    }
    const amlodipine2 = c.change(amlodipine, 'amlodipine10', 'Blood pressure above goal', { ago: 325, who });
    c.condition('anemia', 505, { who });
    c.draw('iron', { ago: 330, who, values: { ferritin: c.about(38, 4) } });
    const iron = c.prescribe('ferrousSulfate325', { ago: 325, who, reason: 'anemia' });
    c.draw('mineral', { ago: 215, who, values: { pth: c.about(98, 8), phosphate: c.about(4.4, 0.2), vitaminD: c.about(21, 2) } });
    c.image('renalUltrasound', 1290, 'radiology', {
      indication: 'CKD, new',
      findings:
        'Right kidney 9.4 cm, left kidney 9.6 cm. Increased cortical echogenicity bilaterally. No hydronephrosis. No stone. Bladder unremarkable.',
      impression: 'Medical renal disease. No obstruction.',
    });

    const recent = c.draw('basic', {
      ...{
        ago: 104,
        who,
        course: 'corrected' as const,
        wrong: { potassium: 6.6 },
        comment: 'Hemolyzed specimen. Potassium corrected after recollection.',
      },
      values: { creatinine: creatinine(27), potassium: c.about(5.3, 0.05), ureaNitrogen: 42, bicarbonate: 21 },
    });
    c.visit({
      ...{ ago: 100, who, reason: 'Kidney disease follow-up' },
      story: `eGFR now ${printed(recent, 'egfr')} (stage 4). K initially flagged 6.6 - hemolyzed, repeat ${printed(recent, 'potassium')}. Appetite fair. No metallic taste, no itching. Denies NSAIDs.`,
      exam: 'NAD. BP as noted. RRR. Lungs clear. 1+ edema bilat ankles.',
      plan: [
        'CKD4 - education class, vein preservation. Transplant/dialysis options introduced.',
        'Hyperkalemia, mild - dietitian referral, continue losartan w/ close monitoring.',
        'Acidosis - bicarb 21, will follow.',
        'Labs 4-6 wk.',
      ],
    });
    c.condition('hyperkalemia', 100, { who });
    c.draw('basic', {
      ago: 58,
      who,
      course: 'late-preliminary',
      values: { creatinine: creatinine(26), potassium: c.about(5.4, 0.05), ureaNitrogen: 44, bicarbonate: 21 },
    });
    c.draw('basic', {
      ago: 7,
      who,
      course: 'preliminary',
      values: { creatinine: creatinine(23), potassium: c.about(5.7, 0.06), ureaNitrogen: 51, bicarbonate: 19, calcium: 8.7 },
    });
    c.draw('bloodCount', { ago: 7, who, values: { hemoglobin: c.about(female ? 9.6 : 10.1, 0.15) } });
    c.draw('mineral', {
      ago: 7,
      who,
      values: { pth: c.about(142, 8), phosphate: c.about(5.0, 0.1), vitaminD: c.about(24, 2), calcium: 8.7 },
    });
    c.pending('referral', referral('Referral to vascular surgery'), 100, who, 'Access planning, CKD stage 4');
    c.pending('laboratory', { system: SYSTEM.loinc, code: '9318-7', display: 'Albumin/creatinine ratio, urine' }, 7, who, 'CKD');
    for (const medication of [losartan, amlodipine2, statin, iron]) c.fills(medication);
    if (c.random.chance(0.5))
      c.takes('ibuprofen200', 'Over the counter, two tablets now and then for back pain', 100, { note: 'Advised to stop (CKD).' });
  },
};
