import type { OperationOutcome } from '../../core/errors.ts';
import type { Rejection } from '../../core/receipt.ts';

/** A fact that is kept with its flags; `used` is false where nothing is claimed from it. */
export type Flagged = { path: string; type: string; flags: readonly string[]; used: boolean };

/** What became of a payload: items in the record, items kept from use with a reason, and facts that carry flags. */
export type Became = {
  stored: number;
  rejections: readonly Pick<Rejection, 'item' | 'reason' | 'detail'>[];
  flagged: readonly Flagged[];
};

/** 201 where everything is in the record, 400 for what is no JSON at all, 422 where anything is kept from it. */
export function statusOf({ stored, rejections }: Became): 201 | 400 | 422 {
  if (rejections.length === 0) return 201;
  return stored === 0 && rejections.every(({ item, reason }) => item === '' && reason === 'unreadable') ? 400 : 422;
}

/** What a poster is told: one error a fault with its path, one warning a flagged fact, and in one line what is kept where. */
export function answerOf(became: Became): OperationOutcome {
  const { stored, rejections, flagged } = became;
  const kept = rejections.length === 0 ? '' : `; ${rejections.length} kept in quarantine as sent, to be read again after a fix`;
  return {
    resourceType: 'OperationOutcome',
    issue: [
      ...outcomeOf(rejections).issue,
      ...flagged.map(({ path, type, flags, used }) => ({
        severity: 'warning' as const,
        code: flags.some((flag) => flag.startsWith('code-')) ? 'code-invalid' : 'business-rule',
        diagnostics: `${type} is kept with ${flags.join(', ')}${used ? '' : '; nothing is claimed from it'}`,
        expression: [path === '' ? type : path],
      })),
      { severity: 'information', code: 'informational', diagnostics: `${stored} in the record${kept}` },
    ],
  };
}

/** What a sender is told of rejected items: one issue a fault, naming its path. */
export function outcomeOf(rejections: Became['rejections']): OperationOutcome {
  const issue = rejections.flatMap((rejection) =>
    rejection.detail.split('\n').map((line) => {
      const [, expression, code, diagnostics] = DETAIL.exec(line) ?? [line, rejection.item, codes[rejection.reason] ?? 'processing', line];
      return { severity: 'error' as const, code: code!, diagnostics: diagnostics!, ...(expression ? { expression: [expression] } : {}) };
    }),
  );
  return { resourceType: 'OperationOutcome', issue };
}

/** One line a fault in a rejection's detail: path, issue code, rule. */
const DETAIL = /^([A-Za-z[][^ ]*) \[([a-z-]+)\] (.*)$/;
const codes: Record<string, string> = {
  unreadable: 'structure',
  'resource-invalid': 'invariant',
  'not-a-fact': 'not-supported',
  'no-patient': 'required',
  'deletion-unsupported': 'not-supported',
  'birth-date-differs': 'conflict',
  'sex-differs': 'conflict',
  'identifiers-of-two-people': 'conflict',
};
