import type { Args, Io } from '../../platform/verb.ts';
import { examine, type Patient } from './doctor.ts';

/** `doctor`: the health of this deployment, each complaint with its next step; 1 where something needs a person now. */
export async function doctorVerb(patient: Patient, args: Args, io: Io): Promise<number> {
  const { findings, counts } = await examine(patient);
  const ill = findings.some((finding) => finding.state === 'ill');
  if (args['json']) {
    io.out(JSON.stringify({ ...counts, ill, findings }));
    return ill ? 1 : 0;
  }
  for (const { check, state, says, next } of findings) {
    io.out(`${state.padEnd(7)} ${check.padEnd(12)} ${says}`);
    if (next) io.out(`${' '.repeat(21)}→ ${next}`);
  }
  if (ill) io.err('Something needs a person now: see the lines that begin with "ill".');
  return ill ? 1 : 0;
}
