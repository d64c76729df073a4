import type { Row } from '../datatypes.ts';

/** OBX → Observation (HL7 v2.5.1 §7.4.2). OBX-2/5/6/7/8/11/14 need rules of their own and are read in read-result.ts. */
export const resultMap: readonly Row[] = [
  { field: 16, to: 'performer[]', as: 'person' },
  { field: 15, to: 'performer[]', as: 'organisation' },
  { field: 23, to: 'performer[]', as: 'organisation' },
  { field: 20, to: 'bodySite', as: 'concept', option: '0163' },
  { field: 17, to: 'method', as: 'concept' },
];

/** HL7 table 0085 → Observation.status, the rank by which versions are decided, and what a retraction is. */
export const resultStatus: { [code: string]: { status: string; rank: number; retracts?: true } } = {
  O: { status: 'registered', rank: 0 },
  I: { status: 'registered', rank: 0 },
  N: { status: 'unknown', rank: 0 },
  S: { status: 'preliminary', rank: 1 },
  P: { status: 'preliminary', rank: 1 },
  R: { status: 'preliminary', rank: 1 },
  F: { status: 'final', rank: 2 },
  V: { status: 'final', rank: 2 },
  U: { status: 'final', rank: 2 },
  B: { status: 'amended', rank: 3 },
  A: { status: 'amended', rank: 3 },
  C: { status: 'corrected', rank: 3 },
  D: { status: 'entered-in-error', rank: 3, retracts: true },
  W: { status: 'entered-in-error', rank: 3, retracts: true },
  X: { status: 'cancelled', rank: 3, retracts: true },
};

/** HL7 table 0123 → DiagnosticReport.status. */
export const reportStatus: { [code: string]: { status: string; rank: number; retracts?: true } } = {
  O: { status: 'registered', rank: 0 },
  I: { status: 'registered', rank: 0 },
  S: { status: 'registered', rank: 0 },
  N: { status: 'registered', rank: 0 },
  A: { status: 'partial', rank: 1 },
  P: { status: 'preliminary', rank: 1 },
  R: { status: 'partial', rank: 1 },
  F: { status: 'final', rank: 2 },
  M: { status: 'amended', rank: 3 },
  C: { status: 'corrected', rank: 3 },
  X: { status: 'cancelled', rank: 3, retracts: true },
};

/** HL7 table 0078 codes that v3 ObservationInterpretation knows. */
export const interpretations: ReadonlySet<string> = new Set([
  'L',
  'H',
  'LL',
  'HH',
  '<',
  '>',
  'N',
  'A',
  'AA',
  'U',
  'D',
  'B',
  'W',
  'S',
  'R',
  'I',
  'POS',
  'NEG',
  'IND',
  'DET',
  'ND',
  'RR',
  'NR',
  'WR',
  'HU',
  'LU',
  'E',
  'IE',
  'SDD',
  'EXP',
  'UNE',
  'TOX',
  'OBX',
  'CAR',
  'NS',
]);

/** OBR → DiagnosticReport. Status, identifiers and text are read in read-report.ts. */
export const reportMap: readonly Row[] = [
  { field: 4, to: 'code', as: 'main-concept' },
  { field: 24, to: 'category[]', as: 'concept', option: '0074' },
  { field: 32, to: 'performer[]', as: 'person' },
];

/** HL7 table 0074 sections whose results are imaging; the other sections that we know are laboratory work. */
export const imagingSections: ReadonlySet<string> = new Set([
  'RAD',
  'RX',
  'CT',
  'NMR',
  'MR',
  'MRI',
  'RUS',
  'US',
  'VUS',
  'NMS',
  'OUS',
  'XRC',
  'CUS',
  'RT',
  'MM',
]);
export const laboratorySections: ReadonlySet<string> = new Set([
  'LAB',
  'CH',
  'HM',
  'MB',
  'BLB',
  'BG',
  'IMM',
  'MCB',
  'MYC',
  'PAR',
  'SP',
  'CP',
  'SR',
  'TX',
  'URN',
  'VR',
  'CTH',
  'GE',
  'ICU',
  'OSL',
  'LSL',
]);

/** LOINC codes of the vital signs that FHIR R4's vital-signs profile names. */
export const vitalSigns: ReadonlySet<string> = new Set([
  '85353-1',
  '9279-1',
  '8867-4',
  '2708-6',
  '59408-5',
  '8310-5',
  '8302-2',
  '9843-4',
  '29463-7',
  '39156-5',
  '85354-9',
  '8480-6',
  '8462-4',
  '8478-0',
  '8331-1',
]);
