import { study } from '../codes.ts';
import { printed } from '../lab-bench.ts';
import type { Archetype } from './archetype.ts';
import { adultBackground } from './background.ts';

/** Early breast cancer on one side: biopsy, lumpectomy, radiotherapy, an aromatase inhibitor and its bones. */
export const breastCancer: Archetype = {
  id: 'breast-cancer',
  weight: 6,
  sex: 'female',
  ages: [55, 74],
  who: 'oncology',
  reasons: ['Breast cancer surveillance', 'Oncology follow-up'],
  tell(c) {
    const who = 'oncology';
    const left = c.random.chance(0.5);
    const side = left ? 'left' : 'right';
    const initial = left ? 'L' : 'R';
    const site = left ? 'leftBreast' : 'rightBreast';
    const size = c.random.int(11, 19);
    c.relative('maternalAunt', 'breastCancer', 52, 60);
    c.relative('mother', 'hypertension', 55);
    adultBackground(c, 'primary1');
    c.condition('hypertension', 2200, { who: 'primary1' });
    const amlodipine = c.prescribe('amlodipine5', { ago: 1460, who: 'primary1', reason: 'hypertension' });
    c.image('mammogram', 1120, 'radiology', {
      indication: 'Screening',
      findings: 'Scattered densities. No suspicious finding in either breast.',
      impression: 'Negative. BI-RADS 1.',
    });
    c.image('mammogram', 745, 'radiology', {
      indication: 'Screening',
      site,
      findings: `New ${size} mm spiculated mass, upper outer quadrant of the ${side} breast. ${left ? 'Right' : 'Left'} breast negative. No suspicious axillary node.`,
      impression: `Suspicious ${side} breast mass. BI-RADS 4C. Biopsy advised.`,
    });
    c.procedure('breastBiopsy', 735, 'radiology', { site, outcome: `Ultrasound-guided core biopsy of the ${side} breast.` });
    c.pathology(731, 'pathology', {
      title: `${side} breast core biopsy`,
      specimen: `${side[0]?.toUpperCase()}${side.slice(1)} breast, upper outer quadrant, core biopsy.`,
      diagnosis: [
        'Invasive ductal carcinoma, Nottingham grade 2.',
        'ER positive (95%), PR positive (70%), HER2 negative (IHC 1+).',
        'Ki-67 14%.',
      ],
    });
    c.condition('breastCancer', 731, { site, who });
    c.visit({
      ...{ ago: 722, who, reason: 'New breast cancer', title: 'Consultation note' as const },
      story: `New dx ${initial} breast IDC, ${size} mm, ER+/PR+/HER2-. Screen detected, no palpable lump before. No bone pain, no wt loss. Maternal aunt w/ breast ca at 52.`,
      exam: `${initial} breast: biopsy site ecchymosis, no mass felt. ${left ? 'R' : 'L'} breast nl. No axillary LAD.`,
      plan: [`${initial} breast IDC cT1c N0 - surgery referral for lumpectomy + SLNB.`, 'Genetic counseling offered.'],
    });
    const surgery = c.visit({
      ...{ ago: 700, who: 'surgery', reason: `${left ? 'Left' : 'Right'} breast lumpectomy`, kind: 'procedure', hour: 9 },
      story: `${side[0]?.toUpperCase()}${side.slice(1)} breast wire-localized lumpectomy w/ sentinel node biopsy. EBL 20 mL. No complications. Specimen radiograph confirms clip.`,
      plan: ['D/c home same day. Path pending. F/u 10 d.'],
    });
    c.procedure('lumpectomy', 700, 'surgery', { site, reason: 'breastCancer', during: surgery, minutes: 70 });
    c.procedure('sentinelNode', 700, 'surgery', { reason: 'breastCancer', during: surgery, minutes: 25 });
    c.pathology(694, 'pathology', {
      title: `${side} breast lumpectomy`,
      specimen: `${side[0]?.toUpperCase()}${side.slice(1)} breast lumpectomy and 2 sentinel nodes.`,
      diagnosis: [
        `Invasive ductal carcinoma, grade 2, ${size} mm (pT1c).`,
        'Margins negative, closest 4 mm.',
        'Two sentinel nodes negative for carcinoma (0/2, pN0).',
        'No lymphovascular invasion.',
      ],
    });
    c.procedure('radiotherapy', 640, who, { site, reason: 'breastCancer', outcome: `Whole ${side} breast, 15 fractions, completed.` });
    const anastrozole = c.prescribe('anastrozole1', { ago: 600, who, reason: 'breastCancer' });
    c.image('dexa', 590, 'radiology', {
      indication: 'Starting aromatase inhibitor',
      findings: 'Lumbar spine T-score -1.4. Left femoral neck T-score -1.7.',
      impression: 'Osteopenia.',
    });
    for (const ago of [590, 410, 225]) {
      const labs = c.draw('complete', { ago: ago + 5, who });
      c.draw('bloodCount', { ago: ago + 5, who });
      const marker = c.draw('ca153', { ago: ago + 5, who, values: { ca153: c.about(17, 1.5) } });
      c.visit({
        ...{ ago, who, reason: 'Breast cancer follow-up' },
        story: `${initial} breast ca, s/p lumpectomy/RT, on anastrozole. ${c.pick('Hot flashes mild', 'Joint stiffness in AM')}. No new lump, no bone pain, no SOB, no HA. ALP ${printed(labs, 'alp')}, CA 15-3 ${printed(marker, 'ca153')}.`,
        exam: `${initial} breast: well healed scar UOQ, no mass. ${left ? 'R' : 'L'} breast nl. No axillary/supraclav LAD. No spinal tenderness.`,
        plan: ['NED. Continue anastrozole, planned 5 yr.', 'AI arthralgia - exercise, acetaminophen.', 'Ca/vit D. Mammogram yearly.'],
      });
    }
    c.image('mammogram', 380, 'radiology', {
      indication: `History of ${side} breast cancer`,
      findings: `Post-surgical change, ${side} breast. No new mass or calcification in either breast.`,
      impression: 'Benign. BI-RADS 2.',
    });
    c.draw('complete', { ago: 11, who, values: { alp: c.about(151, 6), calcium: c.about(9.8, 0.1) } });
    c.draw('ca153', { ago: 11, who, course: c.pick('plain', 'preliminary'), values: { ca153: c.about(36, 2) } });
    c.draw('bloodCount', { ago: 11, who });
    c.visit({
      ...{ ago: 16, who, reason: 'Phone call, new hip ache', kind: 'telehealth' },
      story: `Pt reports 3 wk of ${c.pick('R', 'L')} hip ache, worse at night. No fall, no numbness, no bladder sx. Taking anastrozole daily. Labs ordered.`,
      plan: ['Labs incl. CA 15-3, ALP. Bone scan ordered. Visit moved up.'],
      brief: true,
    });
    c.pending('imaging', study('boneScan'), 16, who, 'Breast cancer, new hip pain', 6);
    c.pending('imaging', study('mammogram'), 20, who, `Yearly after ${side} breast cancer`, 10, site);
    for (const medication of [amlodipine, anastrozole]) c.fills(medication);
    c.takes('anastrozole1', 'Takes every evening, has not missed any', 16);
  },
};
