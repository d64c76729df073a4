import { referral, SYSTEM } from '../codes.ts';
import type { Archetype } from './archetype.ts';
import { adultBackground } from './background.ts';

/** Recurrent depression: response, a medicine stopped by the patient, relapse, and a switch. */
export const depression: Archetype = {
  id: 'depression',
  weight: 9,
  ages: [21, 58],
  who: 'psychiatry',
  reasons: ['Depression follow-up', 'Medication follow-up'],
  tell(c) {
    const who = 'psychiatry';
    c.relative('mother', 'depression', 34);
    adultBackground(c, 'primary1', c.pick('never', 'former', 'current'));
    c.condition('depression', 1080, { who });
    c.condition('anxiety', 1080, { who });
    c.condition('insomnia', 1080, { who, until: 800 });
    const fluoxetine = c.prescribe('fluoxetine20', {
      ago: 1080,
      who,
      frequency: 'morning',
      reason: 'depression',
      supplyDays: 30,
      refills: 5,
    });
    const visits: [number, number, number, string, string[]][] = [
      [
        1080,
        17,
        14,
        'Low mood x4 mo, anhedonia, poor sleep, guilt. Passive death wish w/o plan or intent. No mania hx, no psychosis. Mother w/ MDD.',
        ['MDD, recurrent, moderate - start fluoxetine 20 mg qAM. Therapy referral.', 'Safety plan done. RTC 4 wk.'],
      ],
      [
        1045,
        12,
        11,
        'Some improvement in energy. Mild nausea first wk, resolved. Denies SI.',
        ['MDD - continue fluoxetine 20 mg.', 'CBT weekly.'],
      ],
      [
        800,
        5,
        5,
        'Much better. Back at work full time. Sleeping 7h. Denies SI/HI. No side effects.',
        ['MDD in partial remission - continue 12 mo from response.', 'Insomnia resolved.'],
      ],
      [520, 4, 4, 'Stable. Asks about stopping med. No SI.', ['Discussed risk of relapse. Pt prefers taper; stop over 4 wk.']],
      [
        300,
        16,
        13,
        'Relapse over 6 wk after job loss. Tearful, early waking, wt down 3 kg. Passive SI w/o plan; denies intent. No EtOH increase.',
        ['MDD relapse - start sertraline 50 mg daily.', 'Safety plan updated, crisis line given. RTC 3 wk.'],
      ],
      [
        270,
        13,
        11,
        'Tolerating sertraline, loose stools 1 wk. Sleep still poor. Denies SI.',
        ['Increase sertraline to 100 mg.', 'Sleep hygiene.'],
      ],
      [170, 8, 7, 'Improving. New job. No SI. Libido decreased.', ['Continue sertraline 100. Consider switch if sexual SE bothersome.']],
      [
        72,
        10,
        9,
        'Skips doses b/c of sexual side effects. Mood dipping past month. Denies SI/HI. No mania.',
        ['Partial response - add mirtazapine 15 mg qHS.', 'PHQ-9 each visit. TSH.'],
      ],
    ];
    const usual = c.weight();
    for (const [ago, phq, gad, story, plan] of visits) {
      c.setWeight(usual - (ago === 300 ? 3 : ago === 270 ? 2.6 : ago === 170 ? 1.2 : 0));
      const encounter = c.visit({
        ...{ ago, who, reason: 'Depression follow-up', story, plan, kind: ago === 1045 ? 'telehealth' : 'office' },
        exam: `Casually dressed, good eye contact. Mood "${phq > 12 ? 'down' : phq > 7 ? 'so-so' : 'good'}", affect ${phq > 12 ? 'constricted' : 'full'}. Thought process linear. No psychosis. Insight fair.`,
      });
      c.score('PHQ-9 total score', '44261-6', phq, ago, encounter);
      c.score('GAD-7 total score', '70274-6', gad, ago, encounter);
    }
    c.stop(fluoxetine, 490, 'Patient wished to stop; in remission');
    const sertraline = c.prescribe('sertraline50', { ago: 300, who, reason: 'depression', supplyDays: 30, refills: 5 });
    const sertraline2 = c.change(sertraline, 'sertraline100', 'Partial response', { ago: 270, who, supplyDays: 30, refills: 5 });
    const mirtazapine = c.prescribe('mirtazapine15', {
      ago: 72,
      who,
      frequency: 'bedtime',
      reason: 'depression',
      supplyDays: 30,
      refills: 2,
    });
    c.setWeight(c.weight() + 3.4);
    c.draw('thyroid', { ago: 1078, who });
    c.draw('thyroid', { ago: 66, who, course: c.pick('plain', 'duplicate', 'preliminary'), values: { tsh: c.about(5.4, 0.4) } });
    c.draw('complete', { ago: 66, who, values: { sodium: c.about(133.5, 0.4) } });
    c.draw('complete', { ago: 301, who });
    c.draw('bloodCount', { ago: 301, who });
    c.draw('lipids', { ago: 66, who, values: { cholesterol: c.about(209, 6) } });
    const call = c.visit({
      ...{ ago: 15, who, reason: 'Portal questionnaire and call', kind: 'telehealth' },
      story:
        'PHQ-9 by portal up to 14; item 9 = 1 (several days). RN called: passive thoughts, no plan, no intent, no means at home. Safety plan reviewed. Sleep better w/ mirtazapine, appetite up.',
      plan: ['Appt moved up. Continue both meds. Crisis line re-given.'],
      brief: true,
    });
    c.score('PHQ-9 total score', '44261-6', 14, 15, call);
    c.score('GAD-7 total score', '70274-6', 12, 15, call);
    c.pending('laboratory', { system: SYSTEM.loinc, code: '2951-2', display: 'Sodium' }, 15, who, 'Low sodium on sertraline');
    c.pending('referral', referral('Referral to psychotherapy'), 72, who, 'Cognitive behavioral therapy');
    c.fills(sertraline2, { late: 22 });
    c.fills(mirtazapine);
    c.takes('sertraline100', 'Skips about two doses a week', 72);
  },
};
