import { SYSTEM } from '../codes.ts';
import { printed } from '../lab-bench.ts';
import type { Archetype } from './archetype.ts';
import { adultBackground } from './background.ts';

/** Somebody near ninety with eleven medicines, falls, slow cognitive decline, and a deprescribing visit half done. */
export const polypharmacyElder: Archetype = {
  id: 'polypharmacy-elder',
  weight: 8,
  ages: [79, 92],
  who: 'geriatrics',
  reasons: ['Medication review', 'Follow-up after fall'],
  tell(c) {
    const who = 'geriatrics';
    c.setBody({ systolic: c.about(132, 5), diastolic: c.about(68, 3), pulse: c.about(68, 3) });
    c.setWeight(c.about(c.person.sex === 'female' ? 58 : 71, 4));
    c.relative('sister', 'alzheimer', 80, 86);
    c.relative('father', 'stroke', 72, 72);
    c.usual('hemoglobin', 12.4);
    const female = c.person.sex === 'female';
    c.usual('albumin', 3.9);
    c.usual('ureaNitrogen', 19);
    c.usual('creatinine', female ? 1.02 : 1.26);
    c.usual('cholesterol', 162);
    adultBackground(c, who, c.pick('never', 'former'));
    c.condition('hypertension', 6200, { who });
    c.condition('atrialFibrillation', 2100, { who: 'cardiology' });
    c.condition('hypothyroidism', 3900, { who });
    c.condition('osteoporosis', 1800, { who });
    c.condition('reflux', 2500, { who });
    c.condition('mildCognitiveImpairment', 900, { who, until: 380 });
    c.condition('alzheimer', 380, { who });
    c.condition('ckd3a', 1090, { who });
    c.condition('insomnia', 1090, { who });
    const kept = [
      c.prescribe('levothyroxine50', { ago: 1460, who, frequency: 'morning', extra: 'on an empty stomach', reason: 'hypothyroidism' }),
      c.prescribe('amlodipine5', { ago: 1460, who, reason: 'hypertension' }),
      c.prescribe('metoprolol50', { ago: 1300, who: 'cardiology', reason: 'atrialFibrillation' }),
      c.prescribe('omeprazole20', { ago: 1460, who, frequency: 'morning', reason: 'reflux' }),
      c.prescribe('alendronate10', { ago: 1460, who, frequency: 'morning', extra: 'with a full glass of water', reason: 'osteoporosis' }),
      c.prescribe('atorvastatin20', { ago: 1460, who, frequency: 'bedtime' }),
      c.prescribe('mirtazapine15', { ago: 700, who, frequency: 'bedtime', reason: 'insomnia' }),
    ];
    const warfarin = c.prescribe('warfarin5', { ago: 1460, who: 'cardiology', frequency: 'bedtime', reason: 'atrialFibrillation' });
    const apixaban = c.prescribe('apixaban5', { ago: 620, who: 'cardiology', frequency: 'twice', reason: 'atrialFibrillation' });
    c.stop(warfarin, 620, 'Labile INR; replaced by apixaban');
    const hctz = c.prescribe('hydrochlorothiazide25', { ago: 1460, who, frequency: 'morning', reason: 'hypertension' });
    const gabapentin = c.prescribe('gabapentin300', { ago: 820, who, frequency: 'three', reason: 'backPain' });
    c.condition('backPain', 830, { who });
    const donepezil = c.prescribe('donepezil10', { ago: 370, who, frequency: 'bedtime', reason: 'alzheimer' });
    c.draw('inr', { ago: 660, who, values: { inr: 4.3 } });
    c.draw('inr', { ago: 640, who, values: { inr: 1.6 } });
    c.draw('thyroidFull', { ago: 640, who, values: { tsh: c.about(2.6, 0.3) } });
    c.draw('complete', { ago: 640, who, values: { creatinine: c.about(female ? 1.02 : 1.26, 0.03), sodium: 137 } });
    for (const [ago, moca] of [
      [905, 24],
      [640, 22],
      [385, 18],
    ] as const) {
      const encounter = c.visit({
        ...{ ago, who, reason: 'Memory follow-up' },
        story: `${c.pick('Daughter', 'Son')} present. ${moca > 22 ? 'Repeats questions, still manages bills.' : moca > 20 ? 'Needs reminders for pills; missed 2 appts.' : 'Got lost driving; family now manages meds.'} No hallucinations. No incontinence. Denies low mood.`,
        exam: `Alert, pleasant. MoCA ${moca}/30. Gait slow, no tremor. Irregularly irregular. CTAB.`,
        plan: [
          `Cognition - MoCA ${moca}. ${moca < 20 ? 'Meets criteria for dementia, start donepezil; no driving.' : 'MCI, B12/TSH nl, recheck.'}`,
          'AF - anticoagulated, no bleeding.',
          'OP - alendronate, Ca/vit D.',
        ],
      });
      c.score('MoCA total score', '72172-0', moca, ago, encounter);
    }
    c.draw('vitaminB12', { ago: 905, who });
    c.image('headCt', 384, 'radiology', {
      indication: 'Progressive memory loss',
      findings: 'Mild generalized volume loss. Periventricular white matter hypodensity. No hemorrhage, mass or acute infarct.',
      impression: 'No acute intracranial abnormality. Chronic small vessel change.',
    });
    c.image('dexa', 700, 'radiology', {
      indication: 'Osteoporosis on alendronate',
      findings: 'Lumbar spine T-score -2.6. Left femoral neck T-score -2.8.',
      impression: 'Osteoporosis. Left femoral neck stable since prior.',
    });
    const fall = c.random.int(36, 60);
    const emergency = c.visit({
      ...{ ago: fall, who: 'emergency', reason: 'Fall at home', kind: 'emergency' },
      vitals: { systolic: 104, diastolic: 58, pulse: 62 },
      story:
        'Unwitnessed fall getting up at night. No LOC per family, hit L shoulder. On apixaban. No HA, no neck pain. Felt lightheaded on standing.',
      exam: 'GCS 14 (baseline confusion). L shoulder ecchymosis, FROM. No hip tenderness. No focal deficit. Orthostatic: 128 -> 104 systolic.',
      plan: [
        'Mechanical/orthostatic fall - CT head neg, XR shoulder neg for fx.',
        'Suspect polypharmacy (HCTZ, gabapentin). PCP med review.',
        'No bleeding; continue apixaban.',
      ],
    });
    c.condition('fall', fall, { until: fall - 1, category: 'encounter-diagnosis', who: 'emergency', during: emergency });
    c.image('headCt', fall, 'radiology', {
      during: emergency,
      indication: 'Fall on anticoagulant',
      findings: 'No acute intracranial hemorrhage. No skull fracture. Volume loss as before.',
      impression: 'No acute hemorrhage.',
    });
    const labs = c.draw('complete', {
      ago: fall,
      who: 'emergency',
      during: emergency,
      course: 'preliminary',
      values: { sodium: c.about(129, 0.6), potassium: 3.4, creatinine: c.about(female ? 1.34 : 1.46, 0.04), ureaNitrogen: 29 },
    });
    c.draw('bloodCount', { ago: fall, who: 'emergency', during: emergency, values: { hemoglobin: c.about(11.4, 0.2) } });
    c.stop(hctz, fall - 7, 'Hyponatremia and orthostatic fall');
    const gabapentin2 = c.change(gabapentin, 'gabapentin300', 'Sedation and fall, dose reduced', {
      ago: fall - 7,
      who,
      frequency: 'bedtime',
    });
    c.visit({
      ...{ ago: fall - 7, who, reason: 'Medication review after fall' },
      story: `Post-ED. Na ${printed(labs, 'sodium')}. Sleepy in daytime. 11 meds. Family fills pillbox. No further falls. No bleeding.`,
      exam: 'Orthostatics improved 126 -> 118. Gait unsteady w/ turn, TUG 19 s. No focal deficit.',
      plan: [
        'Falls - stop HCTZ, gabapentin to 300 mg qHS, PT referral.',
        'Hyponatremia - BMP 1 wk.',
        'Next: taper PPI? review statin goals. Apixaban dose: check Cr/wt/age criteria.',
      ],
    });
    c.draw('basic', {
      ago: fall - 15,
      who,
      values: { sodium: c.about(133, 0.6), potassium: c.about(4.0, 0.1), creatinine: c.about(female ? 1.22 : 1.34, 0.04) },
    });
    c.draw('basic', {
      ago: 8,
      who,
      values: { sodium: c.about(136, 0.6), potassium: c.about(4.3, 0.1), creatinine: c.about(1.55, 0.03), ureaNitrogen: 27 },
    });
    c.draw('thyroid', { ago: 8, who, values: { tsh: c.about(6.8, 0.4) } });
    c.draw('bloodCount', {
      ...{ ago: 27, who, course: 'withdrawn' as const, values: { hemoglobin: 6.8, wbc: 15.1, platelets: 64 } },
      comment: 'Result withdrawn: specimen belonged to another patient.',
    });
    c.pending(
      'referral',
      { system: SYSTEM.snomed, code: '308447003', display: 'Referral to physiotherapist' },
      fall - 7,
      who,
      'Fall, unsteady gait',
      5,
    );
    c.pending('laboratory', { system: SYSTEM.loinc, code: '3024-7', display: 'Free T4' }, 4, who, 'Raised TSH');
    for (const medication of [...kept, apixaban, donepezil, gabapentin2]) c.fills(medication);
    c.fills(hctz);
    c.takes('hydrochlorothiazide25', 'Daughter thinks one bottle is still in the pillbox', 6);
    c.takes('acetaminophen500', 'Two tablets at night for back pain most nights', 6);
  },
};
