import { study } from '../codes.ts';
import { dayOf } from '../dates.ts';
import { printed } from '../lab-bench.ts';
import type { Archetype } from './archetype.ts';
import { adultBackground } from './background.ts';

/** Arthritis of both hips or knees, one side replaced some weeks ago: the side is what must never be confused. */
export const jointReplacement: Archetype = {
  id: 'joint-replacement',
  weight: 8,
  ages: [57, 80],
  who: 'orthopedics',
  reasons: ['Post-operative visit', 'Six-week visit after joint replacement'],
  tell(c) {
    const who = 'orthopedics';
    const hip = c.random.chance(0.5);
    const right = c.random.chance(0.5);
    const joint = hip ? 'hip' : 'knee';
    const side = right ? 'right' : 'left';
    const Side = right ? 'Right' : 'Left';
    const other = right ? 'left' : 'right';
    const site = hip ? (right ? 'rightHip' : 'leftHip') : right ? 'rightKnee' : 'leftKnee';
    const otherSite = hip ? (right ? 'leftHip' : 'rightHip') : right ? 'leftKnee' : 'rightKnee';
    const initial = right ? 'R' : 'L';
    const arthritis = hip ? 'hipArthritis' : 'kneeArthritis';
    c.relative('mother', 'hypertension', 60);
    adultBackground(c, 'primary2');
    c.condition('hypertension', 2600, { who: 'primary2' });
    const operated = c.condition(arthritis, 1250, { site, who });
    c.condition(arthritis, 640, { site: otherSite, who });
    const lisinopril = c.prescribe('lisinopril10', { ago: 1460, who: 'primary2', reason: 'hypertension' });
    const naproxen = c.prescribe('naproxen220', { ago: 640, who, frequency: 'twice', extra: 'with food', reason: arthritis });
    const xray = (ago: number, severity: string, which: typeof site, word: string): void =>
      c.image(hip ? 'hipXray' : 'kneeXray', ago, 'radiology', {
        indication: `${word} ${joint} pain`,
        site: which,
        findings: `${word[0]?.toUpperCase()}${word.slice(1)} ${joint}: ${severity} joint space narrowing, osteophytes, subchondral sclerosis. No fracture.`,
        impression: `${severity[0]?.toUpperCase()}${severity.slice(1)} osteoarthritis of the ${word} ${joint}.`,
      });
    xray(1240, 'moderate', site, side);
    c.visit({
      ...{ ago: 1235, who: 'primary2', reason: `${Side} ${joint} pain` },
      story: `C/o ${initial} ${joint} pain x6 mo, worse w/ stairs, stiff in AM <30 min. No trauma, no locking, no fever. Tylenol helps some.`,
      exam: `${initial} ${joint}: ${hip ? 'pain w/ IR, limited to 15 deg' : 'crepitus, ROM 5-110, no effusion'}. Contralateral nl. NVI.`,
      plan: [`${initial} ${joint} OA - PT, acetaminophen, wt loss.`, 'F/u 3 mo.'],
    });
    xray(640, 'mild', otherSite, other);
    for (const ago of [640, 330]) {
      c.visit({
        ...{ ago, who, reason: `${Side} ${joint} arthritis` },
        story: `${initial} ${joint} pain ${ago > 400 ? '6/10' : '8/10, wakes at night, walks 1 block'}. ${ago > 400 ? `Also mild ${right ? 'L' : 'R'} ${joint} ache.` : `${right ? 'L' : 'R'} ${joint} tolerable.`} Failed PT, NSAIDs. No groin numbness.`,
        exam: `Antalgic gait. ${initial} ${joint} ${hip ? 'IR 5 deg w/ pain' : 'varus, ROM 10-95'}. ${right ? 'L' : 'R'} ${joint} near full ROM. DP 2+.`,
        plan: [
          `${initial} ${joint} end-stage OA - ${ago > 400 ? 'injection today, discuss TJA' : `candidate for ${initial} T${hip ? 'H' : 'K'}A, risks/benefits discussed, consented`}.`,
          `${right ? 'L' : 'R'} ${joint} mild OA - observe.`,
        ],
      });
    }
    const surgery = c.random.int(38, 58);
    c.draw('bloodCount', { ago: surgery + 14, who });
    c.draw('complete', { ago: surgery + 14, who });
    c.draw('inr', { ago: surgery + 14, who });
    c.visit({
      ...{ ago: surgery + 13, who: 'primary2', reason: 'Preoperative evaluation' },
      story: `Preop for ${side} T${hip ? 'H' : 'K'}A. METs >4. No CP/DOE. No hx VTE, no bleeding. No OSA.`,
      exam: 'RRR, no m. CTAB. No edema. Skin over op site intact.',
      plan: ['Low cardiac risk, optimized for surgery.', 'Hold NSAIDs 7 d preop. Continue lisinopril, hold AM of surgery.'],
    });
    const stay = c.visit({
      ...{
        ago: surgery,
        who,
        reason: `${Side} total ${joint} replacement`,
        kind: 'inpatient',
        nights: 2,
        elective: true,
        hour: 6,
        disposition: 'home',
        title: 'Discharge summary' as const,
      },
      story: `Elective ${side} total ${joint} arthroplasty on HD0, spinal anesthesia, EBL 250 mL, no complications. Ambulated POD0 w/ walker. Pain controlled. No CP/SOB, no calf pain. Hgb stable, no transfusion.`,
      exam: `${initial} ${joint} incision c/d/i. NVI distally. Calves soft NT bilat.`,
      plan: [
        `S/p ${initial} T${hip ? 'H' : 'K'}A - WBAT, home PT. Enoxaparin 40 mg daily x14 d (no personal or family hx of clot).`,
        'Pain: acetaminophen scheduled, oxycodone prn short course.',
        'Ortho 2 wk for wound check. Stop naproxen while on enoxaparin.',
      ],
    });
    c.procedure(hip ? 'hipReplacement' : 'kneeReplacement', surgery, who, {
      site,
      reason: arthritis,
      during: stay,
      minutes: 95,
      hour: 8,
      outcome: `Uncomplicated ${side} total ${joint} replacement.`,
    });
    // The joint that hurt is gone; the other one's arthritis stays.
    operated.abated = dayOf(stay.start);
    operated.status = 'resolved';
    c.stop(naproxen, surgery + 7, 'Held before surgery');
    const enoxaparin = c.prescribe('enoxaparin40', { ago: surgery - 2, during: stay, who, course: 14 });
    const oxycodone = c.prescribe('oxycodone5', {
      ago: surgery - 2,
      during: stay,
      who,
      frequency: 'six',
      asNeeded: 'severe pain',
      course: 7,
    });
    const acetaminophen = c.prescribe('acetaminophen500', {
      ago: surgery - 2,
      who,
      units: 2,
      frequency: 'eight',
      supplyDays: 30,
      refills: 1,
    });
    const hemoglobin = c.person.sex === 'female' ? 10.1 : 11.0;
    c.draw('bloodCount', {
      ago: surgery - 1,
      who,
      during: stay,
      hospitalDay: 1,
      course: 'preliminary',
      values: { hemoglobin: c.about(hemoglobin, 0.2) },
    });
    c.draw('basic', { ago: surgery - 1, who, during: stay, hospitalDay: 1, values: { glucose: c.about(128, 6) } });
    c.pathology(surgery - 4, 'pathology', {
      title: `${side} ${joint} bone`,
      specimen: `Bone and cartilage, ${side} ${joint}, arthroplasty.`,
      diagnosis: ['Degenerative joint disease.', 'No evidence of malignancy or acute inflammation.'],
    });
    c.image(hip ? 'hipXray' : 'kneeXray', surgery, 'radiology', {
      during: stay,
      indication: 'Postoperative',
      site,
      findings: `${side[0]?.toUpperCase()}${side.slice(1)} total ${joint} arthroplasty in expected position. No fracture or dislocation.`,
      impression: `Expected appearance after ${side} total ${joint} arthroplasty.`,
    });
    const check = c.draw('bloodCount', { ago: surgery - 11, who, values: { hemoglobin: c.about(hemoglobin + 0.9, 0.2) } });
    c.visit({
      ...{ ago: surgery - 14, who, reason: 'Wound check' },
      story: `2 wk s/p ${initial} T${hip ? 'H' : 'K'}A. Pain 3/10, off oxycodone. Hgb ${printed(check, 'hemoglobin')}. No fever, no drainage, no calf pain, no SOB.`,
      exam: `Incision healing, no erythema. ${hip ? 'Leg lengths equal.' : 'ROM 3-95.'} Calf soft. NVI.`,
      plan: ['Doing well. Staples out. Continue PT.', 'Finish enoxaparin. RTC 6 wk w/ XR.'],
      brief: true,
    });
    c.draw('bloodCount', { ago: 7, who, values: { hemoglobin: c.about(hemoglobin + 1.6, 0.2) } });
    c.pending(
      'imaging',
      study(hip ? 'hipXray' : 'kneeXray'),
      surgery - 14,
      who,
      `Six weeks after ${side} total ${joint} replacement`,
      1,
      site,
    );
    for (const medication of [lisinopril, acetaminophen, oxycodone, enoxaparin]) c.fills(medication);
    c.takes('oxycodone5', 'Stopped; has tablets left over', surgery - 14, { status: 'completed' });
  },
};
