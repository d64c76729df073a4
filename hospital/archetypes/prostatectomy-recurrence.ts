import { referral, study } from '../codes.ts';
import { printed } from '../lab-bench.ts';
import type { Archetype } from './archetype.ts';
import { adultBackground } from './background.ts';
import { gleason, gradeGroup, prostateMri } from './prostate.ts';

/** Prostate removed three years ago, PSA undetectable, then two rising values past 0.2 ng/mL: biochemical recurrence. */
export const prostatectomyRecurrence: Archetype = {
  id: 'prostatectomy-recurrence',
  weight: 5,
  sex: 'male',
  ages: [56, 71],
  who: 'urology',
  reasons: ['Rising PSA after prostatectomy', 'Urology follow-up'],
  tell(c) {
    const who = 'urology';
    const group = c.pick(2, 3);
    const side = c.pick('left', 'right');
    c.relative('brother', 'prostateCancer', 59);
    adultBackground(c, 'primary2');
    c.condition('hypertension', 2400, { who: 'primary2' });
    const lisinopril = c.prescribe('lisinopril10', { ago: 1460, who: 'primary2', reason: 'hypertension' });
    const first = c.draw('psa', { ago: 1295, who, values: { psa: c.about(8.4, 0.6) } });
    prostateMri(
      c,
      1280,
      5,
      34,
      `${side[0]?.toUpperCase()}${side.slice(1)} mid-gland 17 mm lesion abutting the capsule. Seminal vesicles normal. No enlarged nodes.`,
      `PI-RADS 5 lesion, ${side}, possible capsular contact.`,
    );
    const biopsy = c.visit({
      ago: 1265,
      who,
      reason: 'Prostate biopsy',
      kind: 'procedure',
      hour: 9,
      story: `Fusion bx for PSA ${printed(first, 'psa')}, PI-RADS 5. 14 cores. No complications.`,
      plan: ['Path pending.'],
    });
    c.procedure('prostateBiopsy', 1265, who, { site: 'prostate', during: biopsy });
    c.pathology(1260, 'pathology', {
      title: 'Prostate biopsy',
      specimen: 'Prostate, 14 cores.',
      diagnosis: [
        `Prostatic adenocarcinoma, Gleason ${gleason(group)} (grade group ${group}), 6 of 14 cores.`,
        'Perineural invasion present.',
      ],
    });
    gradeGroup(c, group, 1260);
    c.condition('prostateCancer', 1260, { site: 'prostate', who });
    c.visit({
      ...{ ago: 1250, who, reason: 'Biopsy results', title: 'Consultation note' as const },
      story: `GG${group} PCa, PSA ${printed(first, 'psa')}, cT2a. No bone pain, no LUTS. Brother w/ PCa at 59. Counseled RP vs RT+ADT.`,
      exam: `DRE: ${side} induration, mobile. No LAD.`,
      plan: ['Intermediate-risk PCa - elects robotic RP w/ PLND.', 'Preop eval w/ PCP.'],
    });
    const stay = c.visit({
      ...{ ago: 1200, who, reason: 'Radical prostatectomy', kind: 'inpatient', nights: 1, elective: true, hour: 7, disposition: 'home' },
      story: 'Robotic RP, bilateral nerve sparing, PLND. EBL 150 mL. No complications. Foley in place. Ambulating.',
      exam: 'Abd soft, port sites c/d/i. Foley clear.',
      plan: ['D/c home w/ Foley, removal 10 d.', 'PSA 6 wk.'],
    });
    c.procedure('radicalProstatectomy', 1200, who, {
      site: 'prostate',
      reason: 'prostateCancer',
      during: stay,
      minutes: 190,
      hour: 9,
      outcome: 'Robotic radical prostatectomy with lymph node dissection.',
    });
    c.pathology(1192, 'pathology', {
      title: 'Radical prostatectomy',
      specimen: 'Prostate, seminal vesicles, pelvic lymph nodes.',
      diagnosis: [
        `Prostatic adenocarcinoma, Gleason ${gleason(group)} (grade group ${group}).`,
        'Extraprostatic extension present, focal (pT3a).',
        `Surgical margin positive, ${side} apex, 2 mm.`,
        'Seminal vesicles free of tumor. Nodes 0/11 (pN0).',
      ],
    });
    c.condition('stressIncontinence', 1190, { until: 860, who });
    c.condition('erectileDysfunction', 1190, { who });
    for (const ago of [1155, 1060, 940, 760]) {
      c.draw('psa', { ago, who, values: { psa: { below: 0.1 } }, ...(ago === 940 ? { comment: 'Detection limit 0.10 ng/mL.' } : {}) });
      c.visit({
        ...{ ago: ago - 7, who, reason: 'Follow-up after prostatectomy' },
        story: `S/p RP. PSA <0.10. ${ago > 1000 ? '2 pads/d, improving w/ Kegels.' : 'Dry, no pads.'} ED, ${ago > 1000 ? 'not yet on tx' : 'PDE5i partial response'}. No hematuria, no bone pain.`,
        exam: 'Incisions healed. Abd soft. DRE deferred.',
        plan: ['PCa s/p RP, undetectable PSA - PSA q4-6 mo.', 'Continue pelvic floor exercises.'],
        brief: true,
      });
    }
    const rise: [number, number][] = [
      [560, 0.11],
      [380, 0.16],
      [205, 0.24],
    ];
    for (const [ago, value] of rise) {
      const report = c.draw('psa', { ago, who, values: { psa: value } });
      c.visit({
        ...{ ago: ago - 6, who, reason: 'Follow-up after prostatectomy' },
        story: `PSA ${printed(report, 'psa')}${value > 0.15 ? ', rising' : ', newly detectable'}. No bone pain, no wt loss, voiding well. Margin was positive.`,
        exam: 'DRE: empty fossa, no nodule.',
        plan: [value > 0.2 ? 'PSA >0.2 - confirm w/ repeat; if confirmed = BCR, PSMA PET + rad onc.' : 'Repeat PSA 3-6 mo.'],
        brief: true,
      });
    }
    const confirm = c.draw('psa', { ago: 88, who, course: 'preliminary', values: { psa: c.about(0.35, 0.02) } });
    c.visit({
      ...{ ago: 82, who, reason: 'Rising PSA' },
      story: `PSA ${printed(confirm, 'psa')} (prior 0.24). Confirmed BCR. Feels well. No bone pain, no LUTS. Erections partial.`,
      exam: 'DRE: fossa smooth. No LAD. No spinal tenderness.',
      plan: ['BCR s/p RP - PSMA PET ordered, rad onc referral for salvage RT.', 'PSA + testosterone before visit.'],
    });
    c.draw('psa', { ago: 7, who, course: c.pick('plain', 'duplicate'), values: { psa: c.about(0.52, 0.02) } });
    c.draw('testosterone', { ago: 7, who });
    c.draw('basic', { ago: 7, who });
    c.pending('imaging', study('petScan'), 82, who, 'Biochemical recurrence, PSMA PET', 9);
    c.pending('referral', referral('Referral to radiation oncology'), 82, who, 'Salvage radiotherapy');
    c.fills(lisinopril);
  },
};
