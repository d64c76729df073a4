import { study } from '../codes.ts';
import { printed } from '../lab-bench.ts';
import type { Archetype } from './archetype.ts';
import { adultBackground } from './background.ts';

/** Stage III colon cancer in its first half year: resection, oral and infused chemotherapy, toxicity, a dose reduction. */
export const colonCancer: Archetype = {
  id: 'colon-cancer',
  weight: 5,
  ages: [48, 74],
  who: 'oncology',
  reasons: ['Chemotherapy visit', 'Oncology follow-up before next cycle'],
  tell(c) {
    const who = 'oncology';
    c.relative('brother', 'colonCancer', 55);
    adultBackground(c, 'primary3');
    // The next cycle is due tomorrow, 21 days after the fifth or sixth.
    const found = 62 + 20 + 21 * c.random.int(5, 6);
    const anemia = c.draw('bloodCount', {
      ago: found + 20,
      who: 'primary3',
      values: { hemoglobin: c.about(9.8, 0.2), mcv: c.about(74, 1) },
    });
    c.draw('iron', { ago: found + 20, who: 'primary3', values: { ferritin: c.about(8, 1) } });
    c.condition('ironDeficiencyAnemia', found + 16, { who: 'primary3' });
    const iron = c.prescribe('ferrousSulfate325', { ago: found + 16, who: 'primary3', reason: 'ironDeficiencyAnemia' });
    c.setWeight(c.weight() - 4);
    c.visit({
      ...{ ago: found + 16, who: 'primary3', reason: 'Fatigue' },
      story: `Fatigue x3 mo, Hgb ${printed(anemia, 'hemoglobin')}, MCV ${printed(anemia, 'mcv')}. Occ dark stool. No hematemesis, no NSAIDs. Wt down 4 kg. Brother w/ colon ca.`,
      exam: 'Pale conj. RRR. CTAB. Abd soft, fullness RLQ, NT. No LAD.',
      plan: ['IDA, r/o GI malignancy - urgent colonoscopy.', 'Ferrous sulfate daily.'],
    });
    c.procedure('colonoscopy', found, 'gastroenterology', { outcome: 'Ulcerated mass in the ascending colon, biopsied.' });
    c.pathology(found - 4, 'pathology', {
      title: 'Ascending colon mass',
      specimen: 'Ascending colon mass, biopsy.',
      diagnosis: ['Invasive adenocarcinoma, moderately differentiated.', 'Mismatch repair proteins intact.'],
    });
    c.condition('colonCancer', found - 4, { site: 'colon', who });
    const cea = c.draw('cea', { ago: found - 7, who, values: { cea: c.about(14.2, 0.8) } });
    c.image('abdomenCt', found - 8, 'radiology', {
      indication: 'Staging colon cancer',
      findings: '4.2 cm ascending colon mass with two enlarged regional nodes. No liver lesion. Lungs clear.',
      impression: 'Ascending colon cancer with regional nodes. No distant metastasis.',
    });
    const stay = c.visit({
      ...{
        ago: found - 24,
        who: 'surgery',
        reason: 'Right hemicolectomy',
        kind: 'inpatient',
        nights: 4,
        elective: true,
        hour: 7,
        disposition: 'home',
      },
      story: `Lap R hemicolectomy for ascending colon adenoca (preop CEA ${printed(cea, 'cea')}). No complications. ROBF POD3. No leak, no SSI. Tolerating diet.`,
      exam: 'Abd soft, incisions c/d/i. No calf tenderness.',
      plan: ['D/c home. Onc referral for adjuvant chemo.', 'Lifting restriction 6 wk.'],
    });
    c.procedure('colectomy', found - 24, 'surgery', {
      site: 'colon',
      reason: 'colonCancer',
      during: stay,
      minutes: 150,
      hour: 9,
      outcome: 'Laparoscopic right hemicolectomy, no complication.',
    });
    c.pathology(found - 31, 'pathology', {
      title: 'Right colon resection',
      specimen: 'Terminal ileum, cecum and ascending colon.',
      diagnosis: [
        'Adenocarcinoma, moderately differentiated, 4.1 cm, invading pericolic fat (pT3).',
        'Metastatic carcinoma in 2 of 19 lymph nodes (pN1b).',
        'Margins negative. Lymphovascular invasion present.',
      ],
    });
    const start = found - 62;
    const capecitabine = c.prescribe('capecitabine500', {
      ago: start,
      who,
      units: 4,
      frequency: 'twice',
      extra: 'for 14 days of each 21-day cycle',
      reason: 'colonCancer',
      supplyDays: 21,
      quantity: 112,
      refills: 7,
    });
    c.prescribe('oxaliplatin', { ago: start, who, units: 235, frequency: 'threeWeekly', reason: 'colonCancer', administered: true });
    const ondansetron = c.prescribe('ondansetron4', {
      ago: start,
      who,
      units: 2,
      frequency: 'eight',
      asNeeded: 'nausea',
      supplyDays: 60,
      quantity: 30,
      refills: 1,
    });
    let next = capecitabine;
    for (let cycle = 1; start - (cycle - 1) * 21 > 12; cycle++) {
      const ago = start - (cycle - 1) * 21;
      const neutrophils = [3.4, 2.8, 2.3, 1.9, 2.0, 1.8, 1.7][cycle - 1] ?? 1.7;
      const count = c.draw('bloodCountDifferential', {
        ago: ago + 3,
        who,
        values: {
          wbc: c.about(neutrophils + 2.1, 0.1),
          neutrophils: c.about(neutrophils, 0.08),
          hemoglobin: c.about(10.2 + cycle * 0.2, 0.15),
          platelets: c.about(258 - cycle * 18, 6),
        },
      });
      c.draw('complete', {
        ago: ago + 3,
        who,
        course: cycle === 3 ? 'corrected' : 'plain',
        ...(cycle === 3 ? { wrong: { potassium: 6.5 }, comment: 'Hemolyzed sample; corrected after recollection.' } : {}),
      });
      if (cycle === 4) {
        next = c.change(capecitabine, 'capecitabine500', 'Hand-foot syndrome grade 2, dose reduced', {
          ago,
          who,
          units: 3,
          frequency: 'twice',
          supplyDays: 21,
          quantity: 84,
          refills: 4,
        });
      }
      const visit = c.visit({
        ...{ ago, who, reason: `Chemotherapy cycle ${cycle}` },
        story: `C${cycle} CAPOX. ${cycle === 1 ? 'Consented, port in place.' : cycle < 4 ? 'Cold-induced tingling 3-4 d, nausea controlled.' : `${cycle === 4 ? 'Painful red palms/soles' : 'Palms/soles less sore on lower dose'}, tingling now persists between cycles. Nausea mild.`} No fever, no diarrhea, no mouth sores. ANC ${printed(count, 'neutrophils')}.`,
        exam: `ECOG ${cycle < 4 ? 0 : 1}. Abd soft, scars healed. ${cycle < 4 ? 'Hands nl' : 'Palmar erythema w/ tenderness'}. No LAD.`,
        plan: [
          cycle === 4 ? 'HFS gr 2 - reduce capecitabine 2000 -> 1500 mg BID.' : `Proceed w/ cycle, ${cycle < 4 ? 'full' : 'reduced'} dose.`,
          `Counts - ${cycle >= 4 ? 'ANC borderline, watch' : 'adequate'}.`,
          'Antiemetics prn. RTC 3 wk w/ labs.',
        ],
      });
      c.procedure('chemotherapy', ago, who, { reason: 'colonCancer', during: visit, minutes: 150, outcome: `CAPOX cycle ${cycle}.` });
    }
    c.draw('cea', { ago: 24, who, values: { cea: c.about(2.4, 0.2) } });
    c.draw('bloodCountDifferential', {
      ago: 4,
      who,
      course: 'preliminary',
      values: { wbc: c.about(2.4, 0.1), neutrophils: c.about(1.1, 0.08), hemoglobin: c.about(11.4, 0.2), platelets: c.about(124, 6) },
    });
    c.draw('complete', { ago: 4, who, values: { alt: c.about(61, 4), ast: c.about(48, 3), bilirubin: 1.1 } });
    c.condition('neutropenia', 3, { who, certainty: 'provisional' });
    c.pending('imaging', study('abdomenCt'), 24, who, 'Restaging during adjuvant chemotherapy', 14);
    for (const medication of [capecitabine, next, ondansetron, iron]) c.fills(medication);
    c.takes('capecitabine500', 'Took the last tablets of this cycle, skipped two evening doses for sore hands', 4);
  },
};
