import { referral, SYSTEM, study } from '../codes.ts';
import { printed } from '../lab-bench.ts';
import type { Archetype } from './archetype.ts';
import { adultBackground } from './background.ts';

/** Heart failure with reduced ejection fraction: diagnosis, titration, one decompensation in hospital, and a creeping weight since. */
export const heartFailure: Archetype = {
  id: 'heart-failure',
  weight: 9,
  ages: [58, 84],
  who: 'cardiology',
  reasons: ['Heart failure follow-up', 'Shortness of breath, weight gain'],
  tell(c) {
    const who = 'cardiology';
    c.setBody({ systolic: c.about(122, 4), diastolic: c.about(72, 3), pulse: c.about(76, 3) });
    c.relative('father', 'heartAttack', 62, 64);
    c.usual('creatinine', 0.98);
    c.usual('cholesterol', 158, 1290);
    adultBackground(c, 'primary2', c.pick('former', 'never'));
    c.condition('hypertension', 2900, { who: 'primary2' });
    c.condition('coronaryDisease', 1300, { who });
    c.condition('heartFailure', 980, { who });
    const fibrillation = c.random.chance(0.4);
    if (fibrillation) c.condition('atrialFibrillation', 640, { who });
    const aspirin = c.prescribe('aspirin81', { ago: 1300, who, reason: 'coronaryDisease' });
    const statin = c.prescribe('atorvastatin40', { ago: 1300, who, frequency: 'bedtime', reason: 'coronaryDisease' });
    const lisinopril = c.prescribe('lisinopril10', { ago: 1460, who: 'primary2', reason: 'hypertension' });

    const bnp1 = c.draw('bnp', { ago: 983, who, values: { bnp: c.about(2350, 180) } });
    c.draw('complete', { ago: 983, who });
    c.image('echocardiogram', 981, who, {
      indication: 'New dyspnea on exertion, elevated NT-proBNP',
      findings:
        'LV mildly dilated. Global hypokinesis. LVEF 32%. Mild MR. RV size and function normal. No pericardial effusion. No LV thrombus.',
      impression: 'Reduced left ventricular systolic function, LVEF 32%. Mild mitral regurgitation.',
    });
    ejection(c, 32, 981);
    const carvedilol = c.prescribe('carvedilol6', { ago: 980, who, frequency: 'twice', extra: 'with food', reason: 'heartFailure' });
    const furosemide = c.prescribe('furosemide40', { ago: 980, who, frequency: 'morning', reason: 'heartFailure' });
    c.visit({
      ...{ ago: 980, who, reason: 'New heart failure', title: 'Consultation note' as const },
      story: `Referred for DOE x6 wk, 2-pillow orthopnea, LE swelling. NT-proBNP ${printed(bnp1, 'bnp')}. Echo LVEF 32%. No CP, no syncope, no palpitations.`,
      exam: 'JVP 10 cm. RRR, S3 present, no murmur. Bibasilar crackles. 2+ pitting edema to mid-shin bilat.',
      plan: [
        'New HFrEF, NYHA III - start carvedilol 6.25 mg BID, furosemide 40 mg daily. Continue lisinopril.',
        'Low Na diet, daily wts. BMP 1 wk.',
        'RTC 4 wk to titrate.',
      ],
    });
    c.draw('basic', { ago: 970, who });
    const carvedilol2 = c.change(carvedilol, 'carvedilol12', 'Titration to target dose', { ago: 930, who });
    c.visit({
      ...{ ago: 930, who, reason: 'Heart failure follow-up' },
      story: 'Feeling better, down 3 kg. NYHA II. No dizziness. Tolerating carvedilol.',
      exam: 'JVP 7 cm. RRR, no S3. Lungs clear. Trace edema.',
      plan: ['HFrEF - increase carvedilol to 12.5 mg BID.', 'Consider ARNI next visit.'],
    });
    const arni = c.prescribe('sacubitril', { ago: 796, who, frequency: 'twice', reason: 'heartFailure' });
    c.stop(lisinopril, 800, 'Replaced by sacubitril-valsartan; 36 h washout');
    c.draw('basic', { ago: 790, who, values: { potassium: c.about(4.7, 0.1), creatinine: c.about(1.18, 0.05) } });
    c.visit({
      ...{ ago: 800, who, reason: 'Heart failure follow-up' },
      story: 'NYHA II. No orthopnea/PND. BP tolerating. Denies angioedema hx.',
      exam: 'JVP 6. RRR. CTAB. No edema.',
      plan: ['HFrEF - stop lisinopril, wait 36 h, start sacubitril-valsartan 24/26 BID. BMP 10 d.', 'Repeat echo 3-6 mo.'],
    });
    c.image('echocardiogram', 610, who, {
      indication: 'HFrEF on therapy',
      findings: 'LV size upper normal. LVEF 38%. Mild MR, unchanged. RVSP 34 mmHg. No effusion.',
      impression: 'Improved but still reduced systolic function, LVEF 38% (was 32%).',
    });
    ejection(c, 38, 610);
    c.visit({
      ...{ ago: 605, who, reason: 'Heart failure follow-up' },
      story: `Stable, walks 1 mile flat. ${fibrillation ? 'New palpitations 5 wk ago, ECG AF, now rate controlled.' : 'No palpitations.'} No syncope, no bleeding.`,
      exam: `JVP 6. ${fibrillation ? 'Irregularly irregular' : 'RRR'}, no S3. CTAB. No edema.`,
      plan: ['HFrEF, LVEF 38% - continue GDMT.', ...(fibrillation ? ['AF - CHA2DS2-VASc >=3, start apixaban 5 mg BID.'] : []), 'RTC 6 mo.'],
    });
    const apixaban = fibrillation
      ? c.prescribe('apixaban5', { ago: 605, who, frequency: 'twice', reason: 'atrialFibrillation' })
      : undefined;
    c.draw('complete', { ago: 400, who, values: { creatinine: c.about(1.2, 0.05), potassium: 4.6 } });
    c.draw('bnp', { ago: 400, who, values: { bnp: c.about(760, 60) } });

    const ago = c.random.int(48, 66);
    const heavier = c.weight() + 5.5;
    const stay = c.visit({
      ...{ ago, who: 'hospital', reason: 'Acute decompensated heart failure', kind: 'inpatient', nights: 3, disposition: 'home' },
      vitals: { systolic: 148, diastolic: 88, pulse: 104, breaths: 24, saturation: 90, kilograms: Math.round(heavier * 10) / 10 },
      story:
        'Admitted w/ 1 wk progressive dyspnea, orthopnea, wt up 5 kg after a trip w/ salty food, missed diuretic x3d. No CP. Trop neg. CXR w/ pulm edema, no consolidation. PE considered - CTA neg. Diuresed w/ IV furosemide, net -5.2 L.',
      exam: 'At discharge: NAD on RA. JVP 7. Lungs clear. Trace edema.',
      plan: [
        'ADHF 2/2 dietary indiscretion, missed doses - resolved w/ IV diuresis. D/c on furosemide 40 mg BID.',
        'Add spironolactone 25 mg daily. BMP in 1 wk.',
        'F/u cardiology 7-14 d. Daily wts, call if >1.5 kg/d.',
      ],
    });
    c.condition('pulmonaryEmbolism', ago, {
      certainty: 'refuted',
      category: 'encounter-diagnosis',
      status: 'inactive',
      who: 'hospital',
      during: stay,
    });
    c.draw('troponin', { ago, who: 'emergency', during: stay, values: { troponin: c.about(14, 1.5) } });
    c.draw('bnp', { ago, who: 'emergency', during: stay, values: { bnp: c.about(5400, 400) } });
    c.draw('complete', {
      ago,
      who: 'emergency',
      during: stay,
      course: 'corrected',
      wrong: { potassium: 6.3 },
      values: { potassium: 4.4, creatinine: c.about(1.44, 0.05), ureaNitrogen: c.about(33, 2), sodium: 133 },
      comment: 'First specimen hemolyzed. Potassium corrected after redraw.',
    });
    c.draw('basic', {
      ago: ago - 2,
      who: 'hospital',
      during: stay,
      hospitalDay: 2,
      values: { potassium: 3.6, creatinine: c.about(1.36, 0.04), ureaNitrogen: c.about(28, 1.5), sodium: 135 },
    });
    c.image('chestXray', ago, 'radiology', {
      during: stay,
      indication: 'Dyspnea',
      findings:
        'Cardiomegaly. Bilateral perihilar haze, Kerley B lines, small bilateral pleural effusions. No focal consolidation. No pneumothorax.',
      impression: 'Pulmonary edema with small bilateral effusions. No pneumonia.',
    });
    const furosemide2 = c.change(furosemide, 'furosemide40', 'Decompensation, dose doubled at discharge', {
      ago: ago - 3,
      who: 'hospital',
      frequency: 'twice',
      during: stay,
    });
    const spironolactone = c.prescribe('spironolactone25', { ago: ago - 3, who: 'hospital', reason: 'heartFailure', during: stay });
    c.draw('basic', {
      ago: ago - 11,
      who,
      values: { potassium: c.about(5.0, 0.1), creatinine: c.about(1.38, 0.04), ureaNitrogen: c.about(26, 1.5) },
    });
    const carvedilol3 = c.change(carvedilol2, 'carvedilol25', 'Titration to target dose', { ago: ago - 14, who });
    c.visit({
      ...{ ago: ago - 14, who, reason: 'Post-hospital follow-up' },
      vitals: { kilograms: Math.round((c.weight() + 0.4) * 10) / 10 },
      story: 'S/p ADHF admission. Wt stable since d/c. NYHA II-III. No orthopnea. Denies dizziness, no CP.',
      exam: 'JVP 7. No S3. Lungs clear. Trace ankle edema.',
      plan: [
        'HFrEF s/p ADHF - increase carvedilol to 25 mg BID. Continue ARNI, spironolactone, furosemide 40 BID.',
        'Watch K - was upper normal. Repeat BMP + NT-proBNP before next visit.',
        'Refer cardiac rehab. Discuss ICD if LVEF stays <=35.',
      ],
    });
    c.setWeight(c.weight() + 2.6);
    c.draw('basic', {
      ago: 6,
      who,
      values: { potassium: c.about(5.5, 0.1), creatinine: c.about(1.58, 0.05), ureaNitrogen: c.about(34, 2) },
      course: c.pick('plain', 'duplicate'),
    });
    c.draw('bnp', { ago: 6, who, values: { bnp: c.about(2900, 160) } });
    c.visit({
      ...{ ago: 5, who, reason: 'Nurse call, weight gain', kind: 'telehealth' },
      story:
        'RN call: pt reports wt up 2-3 kg in 10 d, ankles tighter, no rest dyspnea. Denies CP. Says takes water pill once a day "to avoid getting up at night".',
      plan: ['Advised BID furosemide as prescribed. Appt moved up.', 'ED precautions given.'],
      brief: true,
    });
    c.pending('imaging', study('echocardiogram'), ago - 14, who, 'HFrEF, reassess LVEF', 15);
    c.pending('referral', referral('Referral to cardiac rehabilitation'), ago - 14, who, 'Heart failure after admission');
    for (const medication of [aspirin, statin, arni, furosemide2, spironolactone, carvedilol3]) c.fills(medication);
    if (apixaban) c.fills(apixaban);
    c.takes('furosemide40', 'Takes once a day in the morning', 5);
  },
};

function ejection(c: Parameters<Archetype['tell']>[0], percent: number, ago: number): void {
  const value = { kind: 'score', text: String(percent), unit: '%' } as const;
  c.finding({ ago, category: 'imaging', system: SYSTEM.loinc, code: '10230-1', display: 'Left ventricular ejection fraction', value });
}
