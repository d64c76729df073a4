import { clopperPearson } from '../../core/statistics.ts';
import type { Outcome } from '../../core/verdict.ts';
import type { Case } from './generate.ts';

/** How one group of cases came out. `upper` is the one-sided exact 95 % bound of the share in question (faults: proven; true ones: not proven). */
export type Tally = { group: string; cases: number; proven: number; unproven: number; contradicted: number; upper: number };

export type FaultReport = {
  faults: number;
  unsafeReleased: number;
  leftUnproven: number;
  trueSentences: number;
  trueProven: number;
  faultsByKind: Tally[];
  faultsBySource: Tally[];
  faultsByChannel: Tally[];
  truesByShape: Tally[];
  truesByKind: Tally[];
  truesBySource: Tally[];
};

/** Judges every case and counts the outcomes by kind, channel, shape and source of the chart. The judge is handed in: this folder knows no verifier. */
export function reportFaults(faults: Case[], trues: Case[], judge: (one: Case) => Outcome): FaultReport {
  const wrong = faults.map((one) => ({ one, outcome: judge(one) }));
  const right = trues.map((one) => ({ one, outcome: judge(one) }));
  const released = (outcome: Outcome) => outcome === 'proven';
  const withheld = (outcome: Outcome) => outcome !== 'proven';
  return {
    faults: wrong.length,
    unsafeReleased: wrong.filter(({ outcome }) => outcome === 'proven').length,
    leftUnproven: wrong.filter(({ outcome }) => outcome === 'unproven').length,
    trueSentences: right.length,
    trueProven: right.filter(({ outcome }) => outcome === 'proven').length,
    faultsByKind: tally(wrong, (one) => one.kind, released),
    faultsBySource: tally(wrong, (one) => one.source, released),
    faultsByChannel: tally(wrong, (one) => one.channel, released),
    truesByShape: tally(right, (one) => `${one.shape}, ${one.channel === 'plain' ? 'text alone' : 'with claims'}`, withheld),
    truesByKind: tally(right, (one) => one.claimKind, withheld),
    truesBySource: tally(right, (one) => one.source, withheld),
  };
}

function tally(judged: { one: Case; outcome: Outcome }[], groupOf: (one: Case) => string, bad: (outcome: Outcome) => boolean): Tally[] {
  const groups = [...new Set(judged.map(({ one }) => groupOf(one)))].sort();
  return groups.map((group) => {
    const outcomes = judged.filter(({ one }) => groupOf(one) === group).map(({ outcome }) => outcome);
    const count = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;
    return {
      group,
      cases: outcomes.length,
      proven: count('proven'),
      unproven: count('unproven'),
      contradicted: count('contradicted'),
      upper: clopperPearson(outcomes.filter(bad).length, outcomes.length, 0.9).upper,
    };
  });
}
