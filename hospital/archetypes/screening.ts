import { SYSTEM, study } from '../codes.ts';
import { printed } from '../lab-bench.ts';
import type { Archetype } from './archetype.ts';
import { adultBackground } from './background.ts';

/** A largely well adult whose story is screening: mammogram or stool test, a polyp, and things overdue. */
export const screening: Archetype = {
  id: 'cancer-screening',
  weight: 10,
  ages: [50, 70],
  who: 'primary3',
  reasons: ['Annual physical', 'Annual physical, screening results'],
  tell(c) {
    const who = 'primary3';
    const female = c.person.sex === 'female';
    c.setBody({ systolic: c.about(128, 4) });
    c.relative('mother', female ? 'breastCancer' : 'stroke', female ? 63 : 74);
    c.relative('father', 'colonCancer', 58, 61);
    const treated = c.random.chance(0.5);
    c.usual('cholesterol', c.about(211, 4));
    adultBackground(c, who);
    if (treated) c.condition('hyperlipidemia', 1090, { who });
    c.condition('allergicRhinitis', 2300, { who });
    c.procedure('colonoscopy', 1500, 'gastroenterology', { outcome: 'Two polyps removed.' });
    c.condition('colonPolyp', 1500, { until: 1500 - 1, who: 'gastroenterology' });
    c.pathology(1496, 'pathology', {
      title: 'Colon polyps',
      specimen: 'A. Ascending colon polyp, 6 mm. B. Sigmoid colon polyp, 4 mm.',
      diagnosis: ['A. Tubular adenoma. Negative for high-grade dysplasia.', 'B. Hyperplastic polyp.'],
      comment: 'Surveillance per gastroenterology.',
    });
    for (const ago of [770, 410]) {
      const lipids = c.draw('lipids', { ago: ago + 6, who, values: { cholesterol: c.about(212, 5) } });
      c.draw('complete', { ago: ago + 6, who });
      c.draw('a1c', { ago: ago + 6, who, values: { a1c: c.about(5.6, 0.1) } });
      if (!female) c.draw('psa', { ago: ago + 6, who });
      c.visit({
        ...{ ago, who, reason: 'Annual physical' },
        story: `Annual. No complaints. Denies change in bowel habits, hematochezia, melena, wt loss${female ? ', breast lump or nipple discharge' : ', LUTS'}. Exercises 2x/wk. EtOH 3 drinks/wk.`,
        exam: `NAD. HEENT nl. No LAD. RRR. CTAB. Abd soft NT. ${female ? 'Breasts: no mass, no skin change bilat. ' : ''}Skin w/o suspicious lesions.`,
        plan: [
          `LDL ${printed(lipids, 'ldl')} - ${treated && ago === 410 ? 'start atorvastatin 20 mg qHS' : 'diet/exercise, recheck'}.`,
          'Hx adenoma - colonoscopy due at 5 yr.',
          female ? 'Mammogram ordered.' : 'PSA discussed, shared decision, wishes testing.',
          'Immunizations reviewed.',
        ],
      });
    }
    if (female) {
      for (const ago of [760, 395]) {
        c.image('mammogram', ago, 'radiology', {
          indication: 'Screening',
          findings: 'Scattered fibroglandular densities (B). No suspicious mass, calcification or distortion in either breast.',
          impression: 'Negative. BI-RADS 1. Routine screening in 1 year.',
        });
      }
      c.pending('imaging', study('mammogram'), 40, who, 'Annual screening, mother with breast cancer', 12);
    } else {
      c.draw('psa', { ago: 15, who, values: { psa: c.about(2.6, 0.3) } });
    }
    c.draw('bloodCount', { ago: 780, who });
    c.draw('complete', { ago: 15, who });
    c.draw('bloodCount', {
      ago: 15,
      who,
      course: 'preliminary',
      values: { hemoglobin: c.about(female ? 11.6 : 12.9, 0.15), mcv: c.about(81, 1) },
    });
    c.draw('lipids', { ago: 15, who, values: { cholesterol: treated ? c.about(166, 4) : c.about(219, 6) } });
    c.draw('fit', { ago: 33, who, values: { fit: 'Positive' }, comment: 'Stool sample received by mail, kit sent by the health plan.' });
    c.visit({
      ...{ ago: 29, who, reason: 'Positive stool test', kind: 'telehealth' },
      story:
        'Called pt: FIT positive. No visible blood, no abd pain, no wt loss. Father w/ colon ca dx 58; pt has no personal hx of cancer.',
      plan: ['FIT+ w/ hx adenoma - diagnostic colonoscopy ordered, GI to schedule. Pt agrees.', 'CBC, ferritin before visit.'],
      brief: true,
    });
    c.pending(
      'procedure',
      { system: SYSTEM.snomed, code: '73761001', display: 'Colonoscopy' },
      29,
      who,
      'Positive fecal immunochemical test',
      18,
    );
    c.pending('laboratory', { system: SYSTEM.loinc, code: '2276-4', display: 'Ferritin' }, 29, who, 'Positive stool test');
    const cetirizine = c.prescribe('cetirizine5', { ago: 770, who, units: 2, asNeeded: 'allergy symptoms', reason: 'allergicRhinitis' });
    c.fills(cetirizine);
    if (treated) c.fills(c.prescribe('atorvastatin20', { ago: 410, who, frequency: 'bedtime', reason: 'hyperlipidemia' }));
  },
};
