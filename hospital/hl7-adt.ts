import type { Chart, Encounter } from './chart.ts';
import { dayOf, hl7Time, type Minute } from './dates.ts';
import { al1, escaped, type Message, msh, pid, pv1, segment, xcn } from './hl7-segments.ts';
import { inLabFeed } from './lab-feed.ts';
import type { Random } from './random.ts';

/** Admissions, registrations, updates and discharges of the last 120 days (ADT A01, A03, A04, A08; HL7 v2.5.1 §3.3). */
export function adtMessages(chart: Chart, random: Random): Message[] {
  const messages: Message[] = [];
  let count = 0;
  const send = (event: string, sent: Minute, encounter: Encounter, discharged = false): void => {
    count++;
    const structure = event === 'A01' || event === 'A04' || event === 'A08' ? 'ADT_A01' : 'ADT_A03';
    const control = `A${chart.person.mrn}${String(count).padStart(3, '0')}`;
    const text = [
      msh('NORTHADT', `ADT^${event}^${structure}`, control, sent),
      segment('EVN', { 1: event, 2: hl7Time(sent), 5: xcn(encounter.who) }),
      pid(chart.person),
      pv1(chart, encounter, discharged),
      segment('PV2', { 3: `^${escaped(encounter.reason)}` }),
      event === 'A03' ? '' : al1(chart),
      event === 'A08' ? '' : dg1(chart, encounter),
      random.chance(0.2)
        ? segment('ZPV', {
            1: '1',
            2: random.pick(['KIOSK^Self check-in', 'DESK^Front desk', 'PORTAL^Online check-in']),
            3: random.pick(['Y', 'N']),
          })
        : '',
    ].join('');
    messages.push({ sent, text, kind: `ADT^${event}` });
  };
  for (const encounter of chart.encounters) {
    if (encounter.kind === 'telehealth' || !inLabFeed(chart, encounter.start)) continue;
    const inpatient = encounter.kind === 'inpatient';
    send(inpatient ? 'A01' : 'A04', encounter.start - 8, encounter);
    if (inpatient || random.chance(0.2)) send('A08', encounter.start + random.int(2, 20), encounter);
    if (inpatient || encounter.kind === 'emergency') send('A03', encounter.end, encounter, true);
  }
  return messages;
}

/** What was diagnosed in a hospital or emergency stay, coded; the reason for coming stands in PV2-3 and is no diagnosis. */
function dg1(chart: Chart, encounter: Encounter): string {
  if (encounter.kind !== 'emergency' && encounter.kind !== 'inpatient') return '';
  return chart.conditions
    .filter(
      (entry) => entry.category === 'encounter-diagnosis' && entry.certainty === 'confirmed' && entry.onset === dayOf(encounter.start),
    )
    .map(({ problem }, index) => {
      const code = `${problem.icd10}^${escaped(problem.display)}^I10C`;
      return segment('DG1', { 1: String(index + 1), 3: code, 5: hl7Time(encounter.start), 6: 'F' });
    })
    .join('');
}

/** Somebody registered twice: an A04 under a new number, and the A40 that later merges it into the right one (§3.3.40; MRG-1 is the number that ends). */
export function mergeMessages(chart: Chart, duplicate: string, registered: Minute, merged: Minute): Message[] {
  const control = (number: number): string => `A${duplicate}${String(number).padStart(3, '0')}`;
  const visit = segment('PV1', {
    1: '1',
    2: 'O',
    3: 'CLINIC^^^NORTH',
    4: 'R',
    7: xcn('primary1'),
    19: `V${duplicate}001^^^NORTH&2.999.1.5&ISO^VN`,
    44: hl7Time(registered),
  });
  const register = [
    msh('NORTHADT', 'ADT^A04^ADT_A01', control(1), registered),
    segment('EVN', { 1: 'A04', 2: hl7Time(registered) }),
    pid(chart.person, duplicate),
    visit,
  ];
  const merge = [
    msh('NORTHADT', 'ADT^A40^ADT_A39', control(2), merged),
    segment('EVN', { 1: 'A40', 2: hl7Time(merged) }),
    pid(chart.person),
    segment('MRG', {
      1: `${duplicate}^^^NORTH&2.999.1.1&ISO^MR`,
      7: `${escaped(chart.person.family)}^${escaped(chart.person.given)}^${chart.person.middle}^^^^L`,
    }),
  ];
  return [
    { sent: registered, text: register.join(''), kind: 'ADT^A04' },
    { sent: merged, text: merge.join(''), kind: 'ADT^A40' },
  ];
}
