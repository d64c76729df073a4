import type { Row } from '../datatypes.ts';

/** DG1 → Condition (§6.5.2): a diagnosis of a visit. */
export const diagnosisMap: readonly Row[] = [
  { field: 3, to: 'code', as: 'main-concept' },
  { field: 5, to: 'onsetDateTime', as: 'time' },
  { field: 19, to: 'recordedDate', as: 'time' },
  { field: 16, to: 'asserter', as: 'person' },
];

/** PRB → Condition (§12.4.2): an entry of a problem list. */
export const problemMap: readonly Row[] = [
  { field: 3, to: 'code', as: 'main-concept' },
  { field: 16, to: 'onsetDateTime', as: 'time' },
  { field: 2, to: 'recordedDate', as: 'time' },
  { field: 9, to: 'abatementDateTime', as: 'time' },
  { field: 4, to: 'identifier[]', as: 'order-number' },
];
