import { SYSTEM, study } from '../codes.ts';
import { printed } from '../lab-bench.ts';
import type { Archetype } from './archetype.ts';
import { adultBackground } from './background.ts';
import { gleason, gradeGroup } from './prostate.ts';

/** Metastatic prostate cancer: hormone response, castrate testosterone with a rising PSA, abiraterone, and progression again. */
export const castrationResistant: Archetype = {
  id: 'prostate-castration-resistant',
  weight: 4,
  sex: 'male',
  ages: [62, 82],
  who: 'oncology',
  reasons: ['Prostate cancer treatment visit', 'PSA review before next treatment'],
  tell(c) {
    const who = 'oncology';
    c.relative('father', 'heartAttack', 70, 70);
    c.relative('paternalUncle', 'prostateCancer', 75, 79);
    // Androgen deprivation costs about a gram of hemoglobin.
    c.usual('hemoglobin', 12.9, 1200);
    adultBackground(c, 'primary3');
    c.setBody({ systolic: c.about(134, 3) });
    c.condition('prostateCancer', 1320, { site: 'prostate', who });
    c.condition('boneMetastasis', 1310, { who });
    c.condition('hotFlashes', 1180, { who });
    const first = c.draw('psa', { ago: 1335, who: 'urology', values: { psa: c.about(142, 9) } });
    c.draw('complete', { ago: 1335, who: 'urology', values: { alp: c.about(212, 10) } });
    c.procedure('prostateBiopsy', 1325, 'urology', { site: 'prostate' });
    c.pathology(1320, 'pathology', {
      title: 'Prostate biopsy',
      specimen: 'Prostate, 12 cores.',
      diagnosis: [`Prostatic adenocarcinoma, Gleason ${gleason(5)} (grade group 5), 11 of 12 cores.`, 'Perineural invasion present.'],
    });
    gradeGroup(c, 5, 1320);
    c.image('boneScan', 1312, 'radiology', {
      indication: 'High-risk prostate cancer',
      findings: 'Intense uptake in L2, L4, left iliac wing and right sixth rib. No superscan.',
      impression: 'Multiple osseous metastases.',
    });
    const leuprolide = c.prescribe('leuprolide', { ago: 1305, who, frequency: 'monthly', reason: 'prostateCancer', administered: true });
    c.visit({
      ...{ ago: 1305, who, reason: 'New metastatic prostate cancer', title: 'Consultation note' as const },
      story: `New dx GG5 PCa, PSA ${printed(first, 'psa')}, bone mets x4. Low back ache 3/10. No weakness, no numbness, no bladder/bowel sx.`,
      exam: 'ECOG 1. Mild L-spine tenderness. Strength 5/5. Sensation intact.',
      plan: ['mHSPC - ADT (leuprolide 7.5 mg q4wk). Ca/vit D.', 'Cord compression precautions given.'],
    });
    const response: [number, number, number][] = [
      [1210, 18, 21],
      [1090, 2.6, 16],
      [900, 0.9, 14],
      [720, 1.4, 15],
      [560, 3.8, 17],
    ];
    for (const [ago, value, testosterone] of response) {
      const report = c.draw('psa', { ago, who, values: { psa: c.about(value, value * 0.05) } });
      const hormone = c.draw('testosterone', { ago, who, values: { testosterone: c.about(testosterone, 1) } });
      c.visit({
        ...{ ago: ago - 5, who, reason: 'Prostate cancer follow-up' },
        story: `On ADT. PSA ${printed(report, 'psa')}, T ${printed(hormone, 'testosterone')}. Hot flashes 4/d. Back ache ${ago > 1000 ? 'resolved' : 'mild'}. No neuro sx, no wt loss.`,
        exam: 'ECOG 1. No spinal tenderness. Neuro intact. No edema.',
        plan: [
          value < 2
            ? 'Excellent response, continue ADT.'
            : ago < 700
              ? 'PSA rising w/ castrate T - likely CRPC, restage.'
              : 'Responding, continue ADT.',
          'DEXA, exercise.',
        ],
        brief: true,
      });
    }
    const abiraterone = c.prescribe('abiraterone250', {
      ago: 540,
      who,
      units: 4,
      frequency: 'daily',
      extra: 'on an empty stomach',
      reason: 'prostateCancer',
      supplyDays: 30,
      refills: 5,
    });
    const prednisone = c.prescribe('prednisone5', { ago: 540, who, frequency: 'twice', extra: 'with food', supplyDays: 30, refills: 5 });
    c.image('boneScan', 548, 'radiology', {
      indication: 'Rising PSA, castrate testosterone',
      findings: 'New uptake at T9 and right acetabulum. Prior lesions unchanged.',
      impression: 'Two new osseous metastases.',
    });
    c.visit({
      ...{ ago: 540, who, reason: 'Treatment change' },
      story: 'mCRPC: PSA up x3, T <50, 2 new bone lesions. Back pain 3/10, acetaminophen helps. No weakness.',
      exam: 'ECOG 1. T-spine NT. Neuro intact.',
      plan: ['Start abiraterone 1000 mg daily + prednisone 5 mg BID. Continue leuprolide.', 'BP, K, LFTs q2-4 wk.'],
    });
    for (const [ago, value] of [
      [470, 2.2],
      [370, 1.6],
      [260, 2.9],
      [150, 6.4],
    ] as const) {
      const report = c.draw('psa', { ago, who, values: { psa: c.about(value, value * 0.04) } });
      c.draw('complete', { ago, who, values: { alp: c.about(118 + (470 - ago) * 0.12, 4), potassium: c.about(3.8, 0.1) } });
      c.draw('bloodCount', { ago, who, values: { hemoglobin: c.about(12.4 - (470 - ago) * 0.003, 0.15) } });
      c.visit({
        ...{ ago: ago - 5, who, reason: 'Prostate cancer follow-up' },
        story: `On abi/pred. PSA ${printed(report, 'psa')}. ${ago < 200 ? 'More back and L hip pain 5/10' : 'Pain 2/10'}. No edema, no falls. No numbness or weakness.`,
        exam: 'ECOG 1. No focal deficit. No edema.',
        plan: [ago < 200 ? 'PSA rising on abi - restage CT/bone scan, discuss docetaxel.' : 'PSA controlled, continue.', 'K/LFTs ok.'],
        brief: true,
      });
    }
    c.image('abdomenCt', 132, 'radiology', {
      indication: 'Restaging',
      findings: 'Sclerotic lesions of spine and pelvis, several new. Retroperitoneal node 1.9 cm. No visceral metastasis.',
      impression: 'Osseous progression. New retroperitoneal adenopathy.',
    });
    c.stop(abiraterone, 108, 'Progression on treatment');
    c.prescribe('docetaxel', { ago: 83, who, units: 140, frequency: 'threeWeekly', reason: 'prostateCancer', administered: true });
    c.draw('testosterone', { ago: 110, who, values: { testosterone: { below: 10 } } });
    c.pathology(112, 'pathology', {
      title: 'Lymph node biopsy',
      specimen: 'Retroperitoneal lymph node, core biopsy.',
      diagnosis: ['Metastatic adenocarcinoma, consistent with prostate primary.', 'No small cell component.'],
      comment: 'Clinical & imaging correlation advised.',
      formatted: true,
    });
    let cycle = 0;
    for (const ago of [83, 62, 41, 20]) {
      cycle++;
      c.draw('bloodCountDifferential', {
        ago: ago + 3,
        who,
        course: cycle === 2 ? 'late-preliminary' : 'plain',
        values: {
          hemoglobin: c.about(11.2 - cycle * 0.35, 0.1),
          neutrophils: c.about(4.2 - cycle * 0.3, 0.1),
          wbc: c.about(6.6 - cycle * 0.4, 0.2),
        },
      });
      const report = c.draw('psa', { ago: ago + 3, who, values: { psa: c.about([14.8, 12.1, 9.2, 11.4][cycle - 1] ?? 12, 0.3) } });
      const visit = c.visit({
        ...{ ago, who, reason: `Docetaxel cycle ${cycle}` },
        story: `C${cycle} docetaxel. PSA ${printed(report, 'psa')}. ${cycle > 2 ? 'Fatigue gr 2, tingling fingertips.' : 'Tolerating.'} No fever. Pain ${cycle > 2 ? '3/10' : '4/10'} on acetaminophen. No new weakness.`,
        exam: 'ECOG 1. No mucositis. Strength 5/5.',
        plan: [`mCRPC - proceed C${cycle}.`, 'Continue leuprolide, prednisone.'],
        brief: true,
      });
      c.procedure('chemotherapy', ago, who, { reason: 'prostateCancer', during: visit, minutes: 90, outcome: `Docetaxel cycle ${cycle}.` });
    }
    c.draw('psa', { ago: 6, who, course: 'preliminary', values: { psa: c.about(19.6, 0.5) } });
    c.draw('complete', { ago: 6, who, values: { alp: c.about(268, 8), calcium: c.about(8.8, 0.1), albumin: c.about(3.4, 0.05) } });
    c.draw('bloodCount', { ago: 6, who, values: { hemoglobin: c.about(9.1, 0.15), platelets: c.about(168, 6) } });
    c.pending('imaging', study('boneScan'), 5, who, 'Rising PSA on docetaxel', 4);
    c.pending(
      'laboratory',
      { system: SYSTEM.snomed, code: '405824009', display: 'Genetic test' },
      41,
      who,
      'Germline testing, metastatic prostate cancer',
    );
    c.fills(abiraterone, { from: 200 });
    c.fills(prednisone);
    c.takes('acetaminophen500', 'Two tablets three times a day for bone pain', 41);
    if (leuprolide.end !== undefined) throw new Error('hormone treatment goes on');
  },
};
