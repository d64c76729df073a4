import type { Claim } from '../../core/claim.ts';
import type { ChartIndex } from './chart-index.ts';
import { checkAbsence } from './check-absence.ts';
import { checkAllergy, checkNoKnownAllergy } from './check-allergy.ts';
import { checkDoseChange } from './check-dose-change.ts';
import { checkCount, checkEncounter } from './check-encounter.ts';
import { checkAppointment, checkFamily } from './check-family.ts';
import { checkMedication } from './check-medication.ts';
import { checkProblem } from './check-problem.ts';
import { checkImmunization, checkProcedure } from './check-procedure.ts';
import { checkPending, checkReport } from './check-report.ts';
import { checkResult } from './check-result.ts';
import { checkTrend } from './check-trend.ts';
import type { Finding } from './finding.ts';

/** What the chart says about one claim; every kind has its own check. */
export function checkClaim(claim: Claim, index: ChartIndex): Finding {
  switch (claim.kind) {
    case 'result':
      return checkResult(claim, index);
    case 'trend':
      return checkTrend(claim, index);
    case 'problem':
      return checkProblem(claim, index);
    case 'medication':
      return checkMedication(claim, index);
    case 'dose-change':
      return checkDoseChange(claim, index);
    case 'allergy':
      return checkAllergy(claim, index);
    case 'no-known-allergy':
      return checkNoKnownAllergy(claim, index);
    case 'encounter':
      return checkEncounter(claim, index);
    case 'procedure':
      return checkProcedure(claim, index);
    case 'immunization':
      return checkImmunization(claim, index);
    case 'report':
      return checkReport(claim, index);
    case 'pending':
      return checkPending(claim, index);
    case 'appointment':
      return checkAppointment(claim, index);
    case 'family':
      return checkFamily(claim, index);
    case 'absence':
      return checkAbsence(claim, index);
    case 'count':
      return checkCount(claim, index);
  }
}
