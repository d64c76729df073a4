/** Every failure a caller may have to tell apart. Add a code here first, then throw it. */
const codes = {
  message_unreadable: { status: 422, issue: 'structure' },
  resource_invalid: { status: 422, issue: 'invariant' },
  format_unsupported: { status: 415, issue: 'not-supported' },
  identity_conflict: { status: 422, issue: 'conflict' },
  request_invalid: { status: 400, issue: 'invalid' },
  not_signed_in: { status: 401, issue: 'login' },
  not_permitted: { status: 403, issue: 'forbidden' },
  origin_refused: { status: 403, issue: 'security' },
  not_found: { status: 404, issue: 'not-found' },
  method_unsupported: { status: 405, issue: 'not-supported' },
  not_acceptable: { status: 406, issue: 'not-supported' },
  decided: { status: 409, issue: 'conflict' },
  stale: { status: 409, issue: 'conflict' },
  hash: { status: 409, issue: 'conflict' },
  taken: { status: 409, issue: 'lock-error' },
  contradicted: { status: 422, issue: 'business-rule' },
  unacknowledged: { status: 422, issue: 'business-rule' },
  source_unopened: { status: 422, issue: 'business-rule' },
  nothing_selected: { status: 422, issue: 'business-rule' },
  too_large: { status: 413, issue: 'too-long' },
  too_many: { status: 429, issue: 'throttled' },
  ehr_unavailable: { status: 502, issue: 'transient' },
  ehr_refused: { status: 502, issue: 'processing' },
  folder_locked: { status: 503, issue: 'lock-error' },
  journal_broken: { status: 500, issue: 'security' },
  config_invalid: { status: 500, issue: 'invalid' },
  internal: { status: 500, issue: 'exception' },
} as const;

export type ErrorCode = keyof typeof codes;

export type OperationOutcome = {
  resourceType: 'OperationOutcome';
  issue: { severity: 'fatal' | 'error' | 'warning' | 'information'; code: string; diagnostics: string; expression?: string[] }[];
};

/** Carries a code for machines and a sentence for people; patient data goes in neither. `details` are safe for the caller alone, never logged. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions & { details?: unknown }) {
    super(message, options);
    this.code = code;
    this.details = options?.details;
  }

  get status(): number {
    return codes[this.code].status;
  }

  toOperationOutcome(): OperationOutcome {
    return { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: codes[this.code].issue, diagnostics: this.message }] };
  }
}
