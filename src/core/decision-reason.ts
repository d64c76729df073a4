/** What a reviewer may do with a draft for a reason. */
export type ReasonedDecision = 'decline' | 'escalate';

/**
 * Why a draft was declined or passed on: the closed list, each with its word, its meaning, and the decisions it may explain. Measures are
 * counts over these codes, so a code once released keeps its meaning. `other` is the only one that needs words beside it.
 */
export const decisionReasons = {
  'wrong-patient': { word: 'Wrong patient', means: 'what it says belongs to somebody else', for: ['decline', 'escalate'] },
  'out-of-date': { word: 'Out of date', means: 'true once; the patient has moved on since', for: ['decline'] },
  inaccurate: { word: 'Not accurate', means: 'it differs from what the reviewer knows of the patient', for: ['decline', 'escalate'] },
  'not-relevant': { word: 'Not relevant', means: 'true, and of no use for this visit or decision', for: ['decline'] },
  wording: { word: 'Wording', means: 'right in substance, and not fit to stand in a chart as it is written', for: ['decline'] },
  duplicate: { word: 'Already documented', means: 'the chart says it already', for: ['decline'] },
  incomplete: { word: 'Missing information', means: 'what it leaves out has to be known first', for: ['decline', 'escalate'] },
  'outside-field': { word: 'Outside my field', means: 'somebody of another field has to judge it', for: ['escalate'] },
  'second-opinion': { word: 'Second opinion', means: 'the reviewer wants a colleague to look as well', for: ['escalate'] },
  urgent: { word: 'Urgent', means: 'it needs somebody now who is not the reviewer', for: ['escalate'] },
  other: { word: 'Other', means: 'none of these; the words beside it say why', for: ['decline', 'escalate'] },
} as const satisfies Record<string, { word: string; means: string; for: readonly ReasonedDecision[] }>;

export type DecisionReason = keyof typeof decisionReasons;

/** The codes that may explain a decision, in the order they are offered. */
export function reasonsFor(decision: ReasonedDecision): DecisionReason[] {
  return (Object.keys(decisionReasons) as DecisionReason[]).filter((code) =>
    (decisionReasons[code].for as readonly ReasonedDecision[]).includes(decision),
  );
}
