import { SYSTEM, study } from '../codes.ts';
import { printed } from '../lab-bench.ts';
import type { Archetype } from './archetype.ts';
import { adultBackground } from './background.ts';
import { gleason, gradeGroup, prostateMri } from './prostate.ts';

/** Low-risk prostate cancer watched for three years; PSA doubles slowly and the confirmatory biopsy is overdue. */
export const activeSurveillance: Archetype = {
  id: 'prostate-active-surveillance',
  weight: 5,
  sex: 'male',
  ages: [57, 72],
  who: 'urology',
  reasons: ['Prostate cancer active surveillance visit'],
  tell(c) {
    const who = 'urology';
    const volume = c.random.int(38, 62);
    const side = c.pick('left', 'right');
    c.relative('father', 'prostateCancer', 71);
    c.relative('brother', 'hypertension', 55);
    adultBackground(c, 'primary2');
    c.condition('prostateEnlargement', 1700, { who });
    const tamsulosin = c.prescribe('tamsulosin', { ago: 1460, who, frequency: 'bedtime', reason: 'prostateEnlargement' });
    const start = c.about(4.7, 0.3);
    const psa = (ago: number, factor: number, course: 'plain' | 'preliminary' | 'duplicate' = 'plain') =>
      c.draw('psa', { ago, who, course, values: { psa: start * factor } });
    psa(1463, 0.72);
    const rising = psa(1105, 1);
    prostateMri(
      c,
      1075,
      3,
      volume,
      `${side[0]?.toUpperCase()}${side.slice(1)} peripheral zone mid-gland, 7 mm focus of intermediate signal. No extraprostatic extension. No adenopathy.`,
      'PI-RADS 3 lesion. No extraprostatic extension.',
    );
    c.visit({
      ...{ ago: 1070, who, reason: 'Elevated PSA', title: 'Consultation note' as const },
      story: `PSA ${printed(rising, 'psa')}. Mild LUTS on tamsulosin, no hematuria, no bone pain. Father w/ prostate ca at 71. MRI PI-RADS 3.`,
      exam: `DRE: ~${volume} g, smooth, no nodule. Abd soft.`,
      plan: ['Elevated PSA, PI-RADS 3 - MRI-targeted + systematic bx.'],
    });
    const biopsy = c.visit({
      ago: 1050,
      who,
      reason: 'Prostate biopsy',
      kind: 'procedure',
      hour: 9,
      story: 'TRUS-guided fusion bx, 14 cores. Ciprofloxacin ppx. Tolerated well. No bleeding.',
      plan: ['Path pending. Call for fever.'],
    });
    c.procedure('prostateBiopsy', 1050, who, { site: 'prostate', during: biopsy, outcome: '14 cores.' });
    c.pathology(1045, 'pathology', {
      title: 'Prostate biopsy',
      specimen: 'Prostate, 12 systematic and 2 targeted cores.',
      diagnosis: [
        `Prostatic adenocarcinoma, Gleason ${gleason(1)} (grade group 1), in 2 of 14 cores, ${side} mid.`,
        'Longest core involvement 15%.',
        'No perineural invasion.',
        'Negative for intraductal carcinoma.',
      ],
    });
    gradeGroup(c, 1, 1045);
    c.condition('prostateCancer', 1045, { site: 'prostate', who });
    c.visit({
      ...{ ago: 1030, who, reason: 'Biopsy results' },
      story: `Bx: GG1, 2/14 cores, cT1c, PSA ${printed(rising, 'psa')}, PSAD ${(Number(printed(rising, 'psa')) / volume).toFixed(2)}. Discussed AS vs RP vs RT. No bone pain.`,
      exam: 'DRE as before.',
      plan: ['Low-risk PCa - active surveillance: PSA q6 mo, DRE yearly, confirmatory bx 12-18 mo.', 'LUTS - continue tamsulosin.'],
    });
    const series: [number, number][] = [
      [860, 1.02],
      [680, 1.1],
      [505, 1.22],
      [330, 1.36],
      [165, 1.52],
    ];
    for (const [ago, factor] of series) {
      const report = psa(ago, factor);
      c.draw('basic', { ago, who: 'primary2' });
      c.visit({
        ...{ ago: ago - 6, who, reason: 'Active surveillance' },
        story: `AS f/u. PSA ${printed(report, 'psa')}. Nocturia x${c.random.int(1, 2)}, no hematuria, no wt loss, no bone pain. ${ago === 505 ? 'Anxious about repeat bx, wants to delay.' : 'Doing well.'}`,
        exam: 'DRE: no nodule, no asymmetry.',
        plan: [
          `GG1 PCa on AS - PSA ${ago < 400 ? 'rising slowly' : 'stable'}.`,
          ago === 505 ? 'Bx deferred per pt; MRI first.' : 'Next PSA 6 mo.',
          'Continue tamsulosin.',
        ],
        brief: true,
      });
    }
    prostateMri(
      c,
      470,
      3,
      volume + 3,
      `${side[0]?.toUpperCase()}${side.slice(1)} peripheral zone focus, 8 mm, unchanged. No new lesion.`,
      'Stable PI-RADS 3 lesion.',
    );
    c.score('IPSS total score', '80976-4', c.random.int(8, 14), 159);
    psa(9, 1.95, c.pick('plain', 'preliminary', 'duplicate'));
    c.draw('basic', { ago: 9, who });
    c.pending(
      'procedure',
      { system: SYSTEM.snomed, code: '65575008', display: 'Biopsy of prostate' },
      159,
      who,
      'Confirmatory biopsy, active surveillance, overdue',
      -20,
      'prostate',
    );
    c.pending('imaging', study('prostateMri'), 8, who, 'Rising PSA on active surveillance', 16);
    c.fills(tamsulosin);
  },
};
